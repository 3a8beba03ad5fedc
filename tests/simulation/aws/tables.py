"""Tables and their indexes: items by key, kept in order."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tests.simulation.aws.values import Item, Value, kind_of, refuse_too_large, size_of_item, sortable
from tests.simulation.aws.wire import validation_error

Key: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True)
class KeyPart:
    """An attribute of a key: its name and its type (`S`, `N` or `B`)."""

    name: str
    kind: str = "S"


@dataclass(frozen=True)
class KeySchema:
    """Partition key, and sort key if there is one."""

    hash: KeyPart
    range: KeyPart | None = None

    @property
    def parts(self) -> tuple[KeyPart, ...]:
        """Both parts, or the one."""
        return (self.hash, self.range) if self.range else (self.hash,)

    @property
    def names(self) -> frozenset[str]:
        """The names of its attributes."""
        return frozenset(part.name for part in self.parts)

    def covers(self, item: Mapping[str, Value]) -> bool:
        """Whether the item has every attribute of this key, so that a sparse index holds it."""
        return all(part.name in item for part in self.parts)

    def key_of(self, item: Mapping[str, Value]) -> Key:
        """The sortable key of an item."""
        return tuple(sortable(item[part.name]) for part in self.parts)


@dataclass
class _Partition:
    """The items of one partition key, in the order of their sort key."""

    order: list[Key] = field(default_factory=list)
    items: dict[Key, Item] = field(default_factory=dict)


class Collection:
    """Items by partition and in order: a table or an index of one."""

    def __init__(self, schema: KeySchema, identity: KeySchema | None = None) -> None:
        """`identity` is the table's own key, which tells apart items that share an index key."""
        self.schema = schema
        self._identity = identity
        self._partitions: dict[Any, _Partition] = {}

    def _order_key(self, item: Mapping[str, Value]) -> tuple[Any, Key]:
        whole = self.schema.key_of(item)
        identity = self._identity.key_of(item) if self._identity else ()
        return whole[0], (*whole[1:], *identity)

    def put(self, item: Item) -> None:
        hash_value, order_key = self._order_key(item)
        partition = self._partitions.setdefault(hash_value, _Partition())
        if order_key not in partition.items:
            insort(partition.order, order_key)
        partition.items[order_key] = item

    def remove(self, item: Mapping[str, Value]) -> None:
        hash_value, order_key = self._order_key(item)
        partition = self._partitions[hash_value]
        del partition.items[order_key]
        del partition.order[bisect_left(partition.order, order_key)]
        if not partition.order:
            del self._partitions[hash_value]

    def get(self, key: Mapping[str, Value]) -> Item | None:
        hash_value, order_key = self._order_key(key)
        partition = self._partitions.get(hash_value)
        return partition.items.get(order_key) if partition else None

    def partition(
        self, hash_value: Any, *, backwards: bool = False, after: Mapping[str, Value] | None = None
    ) -> Iterator[Item]:
        """The items of a partition in order, beginning behind the key `after`."""
        partition = self._partitions.get(hash_value)
        if partition is None:
            return
        order = partition.order
        start, stop = 0, len(order)
        if after is not None:
            _, mark = self._order_key(after)
            at = bisect_left(order, mark)
            if backwards:
                stop = at
            else:
                start = at + 1 if at < len(order) and order[at] == mark else at
        positions = range(stop - 1, start - 1, -1) if backwards else range(start, stop)
        for position in positions:
            yield partition.items[order[position]]

    def __iter__(self) -> Iterator[Item]:
        for partition in self._partitions.values():
            for key in partition.order:
                yield partition.items[key]


@dataclass(frozen=True)
class Index:
    """A global secondary index."""

    name: str
    schema: KeySchema
    projection: str = "ALL"
    included: frozenset[str] = frozenset()

    def project(self, item: Item, table_key: KeySchema) -> Item:
        """The item as the index holds it."""
        if self.projection == "ALL":
            return item
        kept = self.schema.names | table_key.names | self.included
        return {name: value for name, value in item.items() if name in kept}


class Follower:
    """A copy that hears of each write a little later, in the order of the writes: what does not read strongly sees it.

    Attributes:
        behind: for each write, by how many seconds it is late.
    """

    def __init__(self, collection: Collection, seconds: Callable[[], float]) -> None:
        """Follow with an empty `collection`; `seconds` tells the time."""
        self.behind: Callable[[], float] | None = None
        self._collection = collection
        self._seconds = seconds
        self._coming: deque[tuple[float, Item | None, Item | None]] = deque()

    def write(self, old: Item | None, new: Item | None) -> None:
        """Hear that `old` becomes `new`."""
        due = self._seconds() + (self.behind() if self.behind else 0.0)
        if self._coming:
            due = max(due, self._coming[-1][0])
        self._coming.append((due, old, new))
        self._catch_up()

    def collection(self) -> Collection:
        """The items as this copy knows them at this moment."""
        self._catch_up()
        return self._collection

    def _catch_up(self) -> None:
        now = self._seconds()
        while self._coming and self._coming[0][0] <= now:
            _, old, new = self._coming.popleft()
            if old is not None:
                self._collection.remove(old)
            if new is not None:
                self._collection.put(new)


class Table:
    """A table with its indexes."""

    def __init__(
        self, name: str, schema: KeySchema, indexes: tuple[Index, ...], seconds: Callable[[], float] = lambda: 0.0
    ) -> None:
        """An empty table; `seconds` tells the time, for the copies that lag."""
        self.name = name
        self.schema = schema
        self.indexes = {index.name: index for index in indexes}
        self._seconds = seconds
        self._items = Collection(schema)
        self._copy: Follower | None = None
        self._indexed = {index.name: Follower(Collection(index.schema, identity=schema), seconds) for index in indexes}

    def lag(self, behind: Callable[[], float]) -> None:
        """From now on indexes, and reads of the table that are not strongly consistent, are `behind()` seconds late."""
        if self._copy is None:
            self._copy = Follower(Collection(self.schema), self._seconds)
            for item in self._items:
                self._copy.write(None, item)
        for follower in (self._copy, *self._indexed.values()):
            follower.behind = behind

    def get(self, key: Mapping[str, Value], *, consistent: bool = True) -> Item | None:
        """The item of a key."""
        return self.collection(None, consistent=consistent).get(key)

    def collection(self, index: str | None, *, consistent: bool = True) -> Collection:
        """The table's own items, or those of an index, which is never consistent."""
        if index is None:
            return self._items if consistent or self._copy is None else self._copy.collection()
        if index not in self._indexed:
            raise validation_error(f"The table does not have the specified index: {index}")
        return self._indexed[index].collection()

    def items(self) -> list[Item]:
        """Every item: for oracles and reports; no operation of the service reads a whole table."""
        return list(self._items)

    def write(self, old: Item | None, new: Item | None) -> float:
        """Replace `old` by `new` in the table and its indexes.

        Returns:
            The write units of the index entries that changed.
        """
        if old is not None and (new is None or self.schema.key_of(old) != self.schema.key_of(new)):
            self._items.remove(old)
        if new is not None:
            self._items.put(new)
        if self._copy is not None:
            self._copy.write(old, new)
        return sum(self._write_index(index, old, new) for index in self.indexes.values())

    def _write_index(self, index: Index, old: Item | None, new: Item | None) -> int:
        before = index.project(old, self.schema) if old is not None and index.schema.covers(old) else None
        after = index.project(new, self.schema) if new is not None and index.schema.covers(new) else None
        if before == after:
            return 0
        self._indexed[index.name].write(before, after)
        moved = before is not None and after is not None and index.schema.key_of(before) != index.schema.key_of(after)
        sizes = [size_of_item(entry) for entry in (before, after) if entry is not None]
        return sum(map(write_units, sizes)) if moved else write_units(max(sizes))

    # validation of what a client sends

    def check_key(self, key: Mapping[str, Value]) -> None:
        """Refuse what is not exactly this table's key.

        Raises:
            ServiceError: an attribute is missing, one too many, of the wrong type, or empty.
        """
        if key.keys() != self.schema.names or any(kind_of(key[part.name]) != part.kind for part in self.schema.parts):
            raise validation_error("The provided key element does not match the schema")
        self._refuse_empty_keys(key)

    def check_item(self, item: Item) -> None:
        """Refuse an item that cannot be stored.

        Raises:
            ServiceError: a key attribute is missing, empty or of the wrong type, or the item is too large.
        """
        for part in self.schema.parts:
            if part.name not in item:
                raise validation_error(
                    f"One or more parameter values were invalid: Missing the key {part.name} in the item"
                )
            if kind_of(item[part.name]) != part.kind:
                raise validation_error(
                    f"One or more parameter values were invalid: Type mismatch for key {part.name} "
                    f"expected: {part.kind} actual: {kind_of(item[part.name])}"
                )
        self._refuse_empty_keys(item)
        self.check_index_keys(item)
        refuse_too_large(item)

    def check_index_keys(self, item: Item) -> None:
        """Refuse an attribute that is an index's key and has another type, or is empty."""
        for index in self.indexes.values():
            for part in index.schema.parts:
                value = item.get(part.name)
                if value is None:
                    continue
                if kind_of(value) != part.kind:
                    raise validation_error(
                        f"One or more parameter values were invalid: Type mismatch for Index Key {part.name} "
                        f"Expected: {part.kind} Actual: {kind_of(value)} IndexName: {index.name}"
                    )
                if value.get("S") == "" or value.get("B") == "":
                    raise validation_error(
                        "One or more parameter values are not valid. A value specified for a secondary index key is "
                        "not supported. The AttributeValue for a key attribute cannot contain an empty string value. "
                        f"IndexName: {index.name}, IndexKey: {part.name}"
                    )

    def _refuse_empty_keys(self, key: Mapping[str, Value]) -> None:
        for part, limit in zip(self.schema.parts, (2048, 1024), strict=False):
            content = key[part.name][part.kind]
            if content == "":
                raise validation_error(
                    "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain "
                    f"an empty string value. Key: {part.name}"
                )
            if len(str(content).encode()) > limit:
                raise validation_error(
                    f"One or more parameter values were invalid: Size of key {part.name} has exceeded the maximum "
                    f"size limit of {limit} bytes"
                )


def write_units(size: int) -> int:
    """Write units of an entry of `size` bytes: one per started KB, at least one."""
    return max(1, -(-size // 1024))


def read_units(size: int, *, consistent: bool) -> float:
    """Read units of `size` bytes: one per started 4 KB, half of it when eventually consistent."""
    return max(1, -(-size // 4096)) * (1.0 if consistent else 0.5)
