"""The embedded AWS itself: ministack, mended where it differs from AWS in what Hearback relies on.

Runs in a virtual environment of its own (requirements/emulator.txt), started as ``python -m infra.local.emulator``
by :mod:`infra.local.server`. The mends reach into ministack's private functions, so its version is pinned exactly and
tests/local pins every behaviour: an upgrade is a deliberate act that those tests judge.
"""
