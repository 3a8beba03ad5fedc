"""An erasure key for tests."""

from __future__ import annotations

import hashlib


class FakeErasureKey:
    """Hashes as the real one does, without Systems Manager; counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def hashed(self, text: str) -> str:
        self.asked += 1
        return hashlib.sha256(f"a secret of tests {text}".encode()).hexdigest()
