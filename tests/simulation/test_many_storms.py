"""Three hundred storms; `make simulate SEEDS=from:to` runs any others."""

from __future__ import annotations

import pytest

from tests.simulation.storm import storm

FIRST, SEEDS, PORTION = 1000, 300, 25


@pytest.mark.apart
@pytest.mark.slow
@pytest.mark.parametrize("first", range(FIRST, FIRST + SEEDS, PORTION))
def test_many_storms_pass(first: int) -> None:
    for seed in range(first, first + PORTION):
        storm(seed)
