"""Plain values in DynamoDB's form and back, and its failures as ours."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ConflictError, TemporaryError
from shared.storage.table import cancellation_codes, from_item, to_item, to_value, translated

PLAIN = st.recursive(
    st.text() | st.integers() | st.booleans() | st.frozensets(st.text(min_size=1), min_size=1),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=1), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(min_size=1), PLAIN))
def test_what_is_stored_comes_back(attributes: dict[str, Any]) -> None:
    assert from_item(to_item(attributes)) == attributes


def test_a_truth_is_not_taken_for_a_number_and_nothing_is_left_out() -> None:
    assert to_item({"yes": True, "one": 1, "none": None}) == {"yes": {"BOOL": True}, "one": {"N": "1"}}


@pytest.mark.parametrize("value", [1.5, b"bytes", object()])
def test_what_would_not_come_back_as_it_went_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        to_value(value)


def test_a_type_we_do_not_store_is_refused() -> None:
    with pytest.raises(TypeError):
        from_item({"picture": {"B": b""}})


@pytest.mark.parametrize(
    "fault",
    [
        ClientError({"Error": {"Code": "InternalServerError", "Message": "ada@example.com"}}, "PutItem"),
        ReadTimeoutError(endpoint_url="https://dynamodb"),
    ],
)
def test_a_failure_of_the_store_is_temporary_and_quotes_nothing(fault: Exception) -> None:
    with pytest.raises(TemporaryError) as error, translated():
        raise fault
    assert error.value.__cause__ is fault
    assert "ada@example.com" not in str(error.value)


def test_an_error_of_ours_passes_through() -> None:
    with pytest.raises(ConflictError), translated():
        raise ConflictError("two are live")


def test_the_reasons_of_a_cancelled_transaction_are_in_the_order_of_its_actions() -> None:
    details: Any = {"Error": {"Code": "x"}, "CancellationReasons": [{"Code": "None"}, {"Code": "TransactionConflict"}]}
    assert cancellation_codes(ClientError(details, "TransactWriteItems")) == ["None", "TransactionConflict"]
    assert cancellation_codes(ClientError({"Error": {"Code": "x"}}, "GetItem")) == []
