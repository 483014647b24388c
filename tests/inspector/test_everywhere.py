"""What several processes keep, as one list."""

import asyncio

import pytest

from strictgate.gateway.siblings import ALONE
from strictgate.inspector import everywhere as module
from strictgate.inspector.everywhere import Everywhere
from strictgate.observe.events import ModelDemoted
from tests.inspector.test_recorder import finished, inspector, request


class Channels:
    """Two processes, each of which the other asks."""

    def __init__(self):
        self.answers = [{}, {}]

    def of(self, number):
        channels = self

        class Sibling:
            def answer_with(self, topic, answer):
                channels.answers[number][topic] = answer

            async def ask(self, topic, question=b""):
                return [channels.answers[1 - number][topic](question)]

        return Sibling()


@pytest.fixture
def two():
    """Their inspectors, and what each shows: every second request came to the second."""
    channels, kept = Channels(), [inspector(), inspector()]
    shown = [Everywhere(each, channels.of(number)) for number, each in enumerate(kept)]
    for number in range(4):
        kept[number % 2].record(request(number))
        kept[number % 2].observe(finished(number))
    return kept, shown


def test_one_list(two):
    """The same, whoever is asked; the latest first."""
    _, shown = two
    for each in shown:
        rows = asyncio.run(each.rows())
        assert {row["id"] for row in rows} == {f"req_{number}" for number in range(4)}
        assert [row["at"] for row in rows] == sorted((row["at"] for row in rows), reverse=True)


def test_one_request(two):
    """Wherever it is kept, with all that was said."""
    _, shown = two
    found = [asyncio.run(shown[0].entry(f"req_{number}")) for number in (0, 1)]

    assert [entry.id for entry in found] == ["req_0", "req_1"]
    assert found[1].body.shown().startswith('{"model":"m"')
    assert asyncio.run(shown[0].entry("req_9")) is None


def test_one_that_is_under_way(two):
    """It is shown as far as it has come."""
    kept, shown = two
    kept[1].record(request(7))

    assert asyncio.run(shown[0].entry("req_7")).outcome() == "open"
    whole = asyncio.run(shown[0].kept(has_texts=True))
    assert whole.entries[0].id == "req_7"


def test_all_that_is_kept(two):
    """With texts, or without those of others."""
    kept, shown = two
    kept[1].observe(ModelDemoted("u", "m"))
    whole = asyncio.run(shown[0].kept(has_texts=True))
    lean = asyncio.run(shown[0].kept(has_texts=False))

    assert [each.id for each in whole.entries] == ["req_3", "req_2", "req_1", "req_0"]
    assert all(each.raw for each in whole.entries)
    assert not any(each.raw for each in lean.entries)
    assert [lesson for _, lesson in whole.lessons] == [ModelDemoted("u", "m")]


def test_all_is_forgotten(two):
    """Everywhere."""
    _, shown = two
    asyncio.run(shown[1].clear())

    assert asyncio.run(shown[0].rows()) == []


def test_news(two, monkeypatch):
    """What has changed since the question before; who asks no more is not noted for."""
    kept, shown = two
    monkeypatch.setattr(module, "FORGOTTEN", 0.05)

    async def look():
        assert await shown[0].news("list") == []
        kept[0].record(request(5))
        kept[1].record(request(6))
        [row] = await shown[0].news("list")
        assert (row["id"], row["outcome"]) == ("req_6", "open")
        assert await shown[0].news("list") == []
        assert len(kept[1]._followers) == 1
        await asyncio.sleep(0.2)
        assert not kept[1]._followers

    asyncio.run(look())


def test_alone():
    """There is nobody to ask, and nothing to hurry for."""
    kept = inspector()
    kept.record(request(1))
    shown = Everywhere(kept, ALONE)

    assert shown.pause is None
    assert [row["id"] for row in asyncio.run(shown.rows())] == ["req_1"]
    assert asyncio.run(shown.news("list")) == []
