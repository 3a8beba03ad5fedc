"""The widget as it is served: `python -m infra.widget` writes widget.min.js from widget.js and widget.css.

The small file is committed, so that deploying needs no minifier; a test holds it to its source.
"""

from __future__ import annotations

import json
from pathlib import Path

import minify

STATIC = Path(__file__).parents[1] / "functions" / "pages" / "static"
SOURCE, STYLE, SMALL = STATIC / "widget.js", STATIC / "widget.css", STATIC / "widget.min.js"
NAME_OF_STYLE = f'"{STYLE.name}"'
"""What stands in the source for the style sheet's text."""
NOTICE = "/* Hearback's survey widget, MIT; readable as widget.js beside this file in the source. */\n"


def minified() -> str:
    """The script with its style sheet, as small as it gets.

    Raises:
        ValueError: the source names its style sheet not exactly once, or one of them cannot be parsed.
    """
    source = SOURCE.read_text(encoding="utf-8")
    if source.count(NAME_OF_STYLE) != 1:
        raise ValueError(f"{SOURCE.name} must say {NAME_OF_STYLE} exactly once, where the style sheet is to stand.")
    style = _small("text/css", STYLE.read_text(encoding="utf-8"))
    whole = source.replace(NAME_OF_STYLE, json.dumps(style, ensure_ascii=False))
    return f"{NOTICE}{_small('text/javascript', whole)}\n"


def _small(media_type: str, text: str) -> str:
    return str(minify.string(media_type, text))


def main() -> None:
    """Write the small file."""
    SMALL.write_text(minified(), encoding="utf-8")
    print(f"{SMALL.relative_to(Path.cwd())} is written.")


if __name__ == "__main__":
    main()
