"""Rows go through the API; what is refused is told with its line, and the rest goes on."""

from __future__ import annotations

import csv
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from infra.client import ApiAnswer, NoAnswer
from infra.ops.delighted import Row
from infra.ops.importing import AHEAD, Imported, ImportStopped, Rejects, import_rows

TAKEN = ApiAnswer(201, {"id": "1"})


def row(number: int, body: Mapping[str, object] | None = None, refusal: str = "") -> Row:
    return Row(number + 1, {"ID": str(number)}, body if refusal else {"number": number}, refusal)


class Api:
    """Answers by number, and counts what it is asked."""

    def __init__(self, answers: Mapping[int, ApiAnswer] | None = None) -> None:
        self.asked: list[int] = []
        self._answers = answers or {}
        self._lock = threading.Lock()

    def __call__(self, sent: Row) -> ApiAnswer:
        assert sent.body is not None
        number = int(str(sent.body["number"]))
        with self._lock:
            self.asked.append(number)
        return self._answers.get(number, TAKEN)


def imported(rows: Iterator[Row] | list[Row], api: Api) -> tuple[Imported, list[tuple[int, str]]]:
    refused: list[tuple[int, str]] = []
    outcome = import_rows(rows, api, lambda each, why: refused.append((each.line, why)), connections=3)
    return outcome, refused


def test_every_row_is_sent_once() -> None:
    api = Api()
    outcome, refused = imported([row(n) for n in range(50)], api)
    assert sorted(api.asked) == list(range(50))
    assert (outcome, refused) == (Imported(50, 50, 0), [])


def test_refused_rows_are_told_in_the_order_of_the_file_and_the_others_go_on() -> None:
    wrong = ApiAnswer(422, {"detail": "no", "errors": {"score": ["must be a whole number from 0 to 10"]}})
    other = ApiAnswer(409, {"detail": "Another response is stored under this id, or it was edited since."})
    unreadable = ApiAnswer(400, {"message": "Text must hold no NUL."})
    api = Api({3: wrong, 5: unreadable, 7: other})
    outcome, refused = imported([*(row(n) for n in range(10)), row(10, None, "has no score")], api)
    assert outcome == Imported(11, 7, 4)
    assert refused == [
        (4, "score must be a whole number from 0 to 10"),
        (6, "Text must hold no NUL."),
        (8, "Another response is stored under this id, or it was edited since."),
        (11, "has no score"),
    ]


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
def test_what_would_refuse_every_row_ends_the_import(status: int) -> None:
    api = Api({n: ApiAnswer(status, {"detail": "The key is not live."}) for n in range(1000)})
    with pytest.raises(ImportStopped, match="The key is not live"):
        imported([row(n) for n in range(1000)], api)
    assert len(api.asked) <= 3 * AHEAD


def test_an_api_that_is_away_ends_it() -> None:
    def away(_: Row) -> ApiAnswer:
        raise NoAnswer("no answer")

    with pytest.raises(NoAnswer):
        import_rows([row(1)], away, lambda *_: None, connections=1)


def test_no_more_rows_are_read_than_are_under_way() -> None:
    api, read = Api(), []

    def source() -> Iterator[Row]:
        for number in range(200):
            read.append(number)
            assert len(read) <= done.rows + 3 * AHEAD + 1
            yield row(number)

    done = Imported()

    def progress(so_far: Imported) -> None:
        done.rows = so_far.rows

    import_rows(source(), api, lambda *_: None, connections=3, progress=progress)
    assert len(api.asked) == 200


def test_refused_rows_are_kept_in_a_file_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "rejects.csv"
    with Rejects(file) as rejects:
        assert not file.exists()
        rejects(Row(4, {"ID": "3", "Comment": 'say "no"\nplease'}, None), "has no score")
    with file.open(newline="") as text:
        assert list(csv.reader(text)) == [
            ["line", "reason", "ID", "Comment"],
            ["4", "has no score", "3", 'say "no"\nplease'],
        ]
    assert file.stat().st_mode & 0o077 == 0
