"""Writes the style sheet of e-mails into their templates: `python -m infra.mails`, or `make mails`.

Many mail programs read no style sheet, so each element carries its style. css-inline (MIT) resolves the rules; it is a
tool of work and not in Lambda, where its 4 MB would be loaded by every function that makes a message.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import css_inline

TEXTS = Path(__file__).resolve().parents[1] / "shared" / "texts"
SHEET = TEXTS / "mail.css"
TEMPLATES = TEXTS / "templates"
BRANDS = {"on-brand-colour": "{{ colour|readable_on }}", "brand-colour": "{{ colour }}"}
"""What only a message knows; the longer name first, for the other is a part of it."""
_CLASS = re.compile(r'class="(?P<names>[a-z ]+)"(?: style="[^"]*")?')
_STYLE = re.compile(r'style="([^"]*)"')
_IN_HEAD = re.compile(r"<style>.*?</style>", re.DOTALL)


def inlined(template: str, sheet: str) -> str:
    """A template with the style of each class in the element's own attribute, and the rest of the sheet in its head.

    Args:
        template: A template; what stands in its style attributes beside a class is written anew.
        sheet: The style sheet.
    """
    style = _styles(sheet)

    def with_style(match: re.Match[str]) -> str:
        return f'class="{match["names"]}" style="{style(match["names"])}"'

    return _IN_HEAD.sub(lambda _: f"<style>{_kept(sheet)}</style>", _CLASS.sub(with_style, template))


def _styles(sheet: str) -> Callable[[str], str]:
    """Tells the style of an element by its classes."""
    inliner = css_inline.CSSInliner(keep_at_rules=True)

    def style(names: str) -> str:
        html = inliner.inline(f'<style>{sheet}</style><p class="{names}"></p>')
        found = _STYLE.search(html)
        if found is None:
            raise ValueError(f"{SHEET.name} has no rule for the class {names}")
        return _of_brand(found[1].replace(": ", ":").replace(", ", ","))

    return style


def _kept(sheet: str) -> str:
    """The rules that depend on the reader, on one line."""
    html = css_inline.CSSInliner(keep_at_rules=True).inline(f"<style>{sheet}</style><p></p>")
    kept = _IN_HEAD.search(html)
    if kept is None or "@media" not in kept[0]:
        raise ValueError(f"{SHEET.name} has no rule for phones or the dark")
    return _of_brand(re.sub(r"\s+", " ", kept[0].removeprefix("<style>").removesuffix("</style>")).strip())


def _of_brand(style: str) -> str:
    for name, value in BRANDS.items():
        style = style.replace(name, value)
    return style


def templates() -> Iterator[Path]:
    """Every template of HTML."""
    yield from sorted(TEMPLATES.rglob("*.html"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the templates; with `--check`, only say whether they are up to date."""
    check_only = "--check" in (sys.argv[1:] if arguments is None else arguments)
    sheet, stale = SHEET.read_text(encoding="utf-8"), 0
    for path in templates():
        before = path.read_text(encoding="utf-8")
        after = inlined(before, sheet)
        if before != after:
            stale += 1
            name = path.relative_to(TEXTS)
            print(f"{name} is out of date: run `make mails`." if check_only else f"{name} is written.")
            if not check_only:
                path.write_text(after, encoding="utf-8")
    return 1 if check_only and stale else 0


if __name__ == "__main__":
    sys.exit(main())
