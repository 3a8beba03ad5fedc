"""The other layout of scores, prototyped as far as it takes to count its units: immutable slips, folded later.

A transaction holds its responses and one slip per survey: what each of them counts as, in a few bytes. Some slips later
they are folded into a document per day and breakdown, which is written whole, and deleted. What speaks against it is
the fold, which has to be right while others fold, write and read; none of that is here
(docs/adr/0012-score-documents.md).
"""

from __future__ import annotations

from collections.abc import Sequence

import boto3

from tests.benchmarks.counted import counting
from tests.simulation.aws import InMemoryAws

SLIPS_PER_FOLD = 40
BYTES_PER_DAY = 3 + 8 + 4
"""The day, its certificate, its counts."""
COUNTERS = 11
TABLE = "SlipsTable"


def slip_units(batch: int, widths: Sequence[int]) -> float:
    """Write units per answer of table items (indexes cost the same in either layout), the fold included."""
    aws = InMemoryAws()
    aws.dynamodb.create_table(TABLE, hash_key="pk", range_key="sk")
    slip = {"pk": {"S": "SCORE#delivery"}, "sk": {"S": "SLIP#0190f3c2-7c1e-7d2b-9d3a-5b1f8a2c4e6d"}}
    # A rating, and the number of a value for each breakdown.
    counted = bytes(BYTES_PER_DAY + batch * (1 + len(widths)))
    with aws.installed():
        dynamodb = boto3.client("dynamodb")
        puts = [{"Put": {"TableName": TABLE, "Item": dict(item)}} for item in counting(batch, widths).puts[:batch]]
        dynamodb.transact_write_items(
            TransactItems=[*puts, {"Put": {"TableName": TABLE, "Item": {**slip, "v": {"B": counted}}}}]
        )
        dynamodb.delete_item(TableName=TABLE, Key=slip)
        each_batch = aws.dynamodb.consumed[TABLE, "write"]
        for name, width in enumerate((1, *widths)):
            # A document that has seen every rating of every value, with counts of three bytes.
            document = bytes(width * (1 + 2 + 3 * COUNTERS))
            key = {"pk": {"S": "SCORE#delivery"}, "sk": {"S": f"DAY#{name}#20261122"}}
            dynamodb.put_item(TableName=TABLE, Item={**key, "v": {"B": document}})
        fold = aws.dynamodb.consumed[TABLE, "write"] - each_batch
    return float(each_batch + fold / SLIPS_PER_FOLD) / batch
