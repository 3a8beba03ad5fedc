"""Brands: each version for ever, and in one item the current one, which is all that a message needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from botocore.exceptions import ClientError

from shared.domain.brands import Brand, BrandDefinition
from shared.errors import PreconditionFailedError, TemporaryError
from shared.storage.keys import BRAND_LISTING, brand_listing_key, brand_version_key, current_brand_key
from shared.storage.table import error_code, every_item, from_item, to_item, to_value, translated


class BrandsTable(Protocol):
    """The calls we make to DynamoDB."""

    def get_item(self, **kwargs: Any) -> Mapping[str, Any]:
        """GetItem."""
        ...

    def query(self, **kwargs: Any) -> Mapping[str, Any]:
        """Query."""
        ...

    def transact_write_items(self, **kwargs: Any) -> Any:
        """TransactWriteItems."""
        ...


class BrandRepository:
    """The brands in the surveys table.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The table's name.
    """

    def __init__(self, dynamodb: BrandsTable, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def current(self, brand_id: str) -> Brand | None:
        """The current version of a brand; None if it was never published.

        Raises:
            TemporaryError: the store did not answer.
        """
        return self._read(current_brand_key(brand_id))

    def version(self, brand_id: str, version: int) -> Brand | None:
        """One version of a brand, as it was published; None if there is none.

        Raises:
            TemporaryError: the store did not answer.
        """
        return self._read(brand_version_key(brand_id, version))

    def list_brands(self) -> Sequence[Brand]:
        """Every brand that was published, by id.

        Raises:
            TemporaryError: the store did not answer.
        """
        listed = every_item(
            self._dynamodb,
            TableName=self._table_name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=to_item({":pk": BRAND_LISTING}),
            ConsistentRead=True,
        )
        found = [self.current(from_item(item)["sk"]) for item in listed]
        return [brand for brand in found if brand is not None]

    def publish(
        self, brand_id: str, definition: BrandDefinition, is_agreed: Callable[[int | None], bool] = lambda _: True
    ) -> Brand:
        """Make this the current version, with the next version number; the current content again is no new version.

        Args:
            brand_id: Which brand.
            definition: What it is from now on.
            is_agreed: The publisher's condition: whether this may replace the version that stands, None if none does.
                It is not asked of what has the same content, so a repetition of what has succeeded succeeds.

        Returns:
            The brand with its number.

        Raises:
            PreconditionFailedError: the condition does not hold.
            TemporaryError: the store did not answer, or somebody else published at the same moment.
        """
        standing = self.current(brand_id)
        if standing is not None and Brand.of(brand_id, standing.version, definition) == standing:
            return standing
        if not is_agreed(standing.version if standing else None):
            raise PreconditionFailedError("The brand is no longer what If-Match says; read it again.")
        published = Brand.of(brand_id, standing.version + 1 if standing else 1, definition)
        self._write(published, standing)
        return published

    def _write(self, brand: Brand, over: Brand | None) -> None:
        """Write a version over what was read; TemporaryError if something else stands there by now."""
        content = to_item({"version": brand.version, "content": brand.model_dump_json()})
        current: dict[str, Any] = {
            "TableName": self._table_name,
            "Item": {**current_brand_key(brand.brand_id), **content},
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        if over is not None:
            current["ConditionExpression"] = "version = :old"
            current["ExpressionAttributeValues"] = {":old": to_value(over.version)}
        version = {
            "TableName": self._table_name,
            "Item": {**brand_version_key(brand.brand_id, brand.version), **content},
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        listed = {"TableName": self._table_name, "Item": brand_listing_key(brand.brand_id)}
        with translated():
            try:
                self._dynamodb.transact_write_items(TransactItems=[{"Put": version}, {"Put": current}, {"Put": listed}])
            except ClientError as error:
                if error_code(error) != "TransactionCanceledException":
                    raise
                raise TemporaryError(f"{brand.brand_id} was published by somebody else just now") from error

    def _read(self, key: Mapping[str, Any]) -> Brand | None:
        with translated():
            answer = self._dynamodb.get_item(TableName=self._table_name, Key=key, ConsistentRead=True)
        return Brand.model_validate_json(from_item(answer["Item"])["content"]) if "Item" in answer else None
