"""`ops brands`: a file is published once each of its messages was rendered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import boto3
import pytest
from moto import mock_aws
from rich.console import Console

from infra.ops import cli
from infra.stack import Stack
from shared.storage.brands import BrandRepository
from tests.functional.tables import TABLE, create_table

Ops = Callable[..., tuple[int, str]]


@pytest.fixture
def ops(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ops]:
    with mock_aws():
        session = boto3.Session()
        create_table(session.client("dynamodb"))
        monkeypatch.setattr(cli, "aws_stack", lambda name: Stack(name, session, None, {"SurveysTableName": TABLE}))

        def run(*arguments: str) -> tuple[int, str]:
            said = StringIO()
            return cli.main(["brands", *arguments], Console(file=said, width=200)), said.getvalue()

        yield run


def written(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_brand_is_published_listed_shown_and_published_again_from_what_was_shown(ops: Ops, tmp_path: Path) -> None:
    file = written(tmp_path / "lamps.yaml", "brand_id: lamps\nname: Lamps & Light\nstages: {soon: {enabled: false}}\n")
    assert ops("publish", file) == (0, "lamps is at version 1; messages follow it within a minute.\n")
    assert ops("list") == (0, "lamps  version 1  Lamps & Light\n")
    code, shown = ops("show", "lamps")
    assert code == 0
    again = written(tmp_path / "shown.json", shown)
    assert "at version 1" in ops("publish", again)[1]


def test_a_file_that_names_no_brand_is_the_default_one(ops: Ops, tmp_path: Path) -> None:
    assert "default is at version 1" in ops("publish", written(tmp_path / "brand.yaml", "name: The company\n"))[1]


def test_what_can_not_be_said_is_told_field_by_field_and_not_stored(ops: Ops, tmp_path: Path) -> None:
    text = 'name: Lamps\ntexts:\n  delivery_soon:\n    de: {sms: "{windo}"}\n    en: {text: "}"}\n'
    code, said = ops("publish", written(tmp_path / "brand.yaml", text))
    assert code == 1
    assert "texts.delivery_soon.de.sms: {windo} is no placeholder" in said
    assert "texts.delivery_soon.en.text: the brace" in said
    assert BrandRepository(boto3.client("dynamodb"), TABLE).current("default") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [("name: [", "can not be read"), ("- name", "holds no brand"), ("nam: x", "nam: "), ("name: ''", "name: ")],
)
def test_a_file_that_is_no_brand_is_refused(ops: Ops, tmp_path: Path, text: str, said: str) -> None:
    code, found = ops("publish", written(tmp_path / "brand.yaml", text))
    assert code == 1
    assert said in found


def test_a_brand_that_was_never_published_is_not_shown(ops: Ops) -> None:
    assert ops("show", "default") == (1, "The brand default was never published.\n")
