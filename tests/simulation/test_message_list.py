"""The list of messages by the real template's index, which holds what a list is chosen by and nothing else."""

from __future__ import annotations

import pytest

from tests.simulation.oracles import messages
from tests.simulation.shop import SECRET, shop
from tests.simulation.stories import tell


@pytest.mark.parametrize("name", ["kind", "state", "reason", "channel", "delivery"])
def test_each_filter_finds_by_the_index_what_is_stored(name: str) -> None:
    with shop(seed=1) as story:
        tell(story)
        story.aws.clock.advance(60)
        every = story.stack.http("GET", "/v1/messages", key=SECRET, query={"per_page": "100"}).json
        assert {told["message_id"] for told in every} == {one.message_id for one in messages(story.aws)}
        values = {told[name] for told in every} - {None}
        assert values
        for value in values:
            found = story.stack.http("GET", "/v1/messages", key=SECRET, query={"per_page": "100", name: value}).json
            assert found == [told for told in every if told[name] == value]
