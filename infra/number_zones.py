"""Writes shared/domain/number_zones.txt: in which time zones a phone number may be, by its prefix.

    python -m pip download --no-deps --dest DIR phonenumbers
    python -m infra.number_zones DIR/phonenumbers-*.whl

The package holds the data of libphonenumber, and 48 MB of other things, so it is no dependency of ours: its table of
zones is read from the wheel, without installing it. Prefixes whose zones are those of a shorter one are left out.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZipFile

from shared.domain.number_zones import PREFIXES

TABLE = "phonenumbers/tzdata/data0.py"
HEADER = """\
# In which time zones (IANA) a phone number may be, by the digits with which it begins; the longest prefix decides.
# From libphonenumber (https://github.com/google/libphonenumber), as in {source}.
# Copyright (C) 2011-2026 The Libphonenumber Authors
# Licensed under the Apache License, Version 2.0; you may obtain a copy of the License at
# http://www.apache.org/licenses/LICENSE-2.0 and with the package phonenumberslite, which is of the same source.
# Changed: written in this form by infra/number_zones.py, and prefixes that say nothing new are left out.
"""

Zones = tuple[str, ...]


def table_of(wheel: Path) -> Mapping[str, Zones]:
    """The zones of each prefix, as the package has them."""
    with ZipFile(wheel) as archive:
        module = ast.parse(archive.read(TABLE).decode())
    (data,) = [node.value for node in module.body if isinstance(node, ast.Assign)]
    table: dict[str, Zones] = ast.literal_eval(data)
    return table


def compact(table: Mapping[str, Zones]) -> Mapping[str, Zones]:
    """The same without prefixes that say what a shorter one says."""

    def inherited(prefix: str) -> Zones | None:
        shorter = (prefix[:length] for length in range(len(prefix) - 1, 0, -1))
        return next((table[each] for each in shorter if each in table), None)

    return {prefix: zones for prefix, zones in table.items() if inherited(prefix) != zones}


def text_of(table: Mapping[str, Zones], source: str) -> str:
    """The file: a line for each set of zones, with its prefixes."""
    prefixes: dict[Zones, list[str]] = defaultdict(list)
    for prefix, zones in table.items():
        prefixes[tuple(sorted(zones))].append(prefix)
    lines = [f"{' '.join(zones)}: {' '.join(sorted(each))}\n" for zones, each in sorted(prefixes.items())]
    return HEADER.format(source=source) + "".join(lines)


def main() -> None:
    """Write the file from the wheel that is named."""
    wheel = Path(sys.argv[1])
    PREFIXES.write_text(text_of(compact(table_of(wheel)), "-".join(wheel.name.split("-")[:2])), encoding="ascii")


if __name__ == "__main__":
    main()
