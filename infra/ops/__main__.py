"""`python -m infra.ops`, which is what the command `ops` runs."""

from __future__ import annotations

from infra.ops.cli import main

raise SystemExit(main())
