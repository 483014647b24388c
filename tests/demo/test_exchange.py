"""Replies acted out on a connection."""

import asyncio
from typing import Any

import pytest

from strictgate.demo.exchange import ExchangeRecord, deliver
from strictgate.demo.reply import Cut, DemoReply, Pause, json_reply

EVENT = b'data: {"choices":[{"delta":{"content":"four"}}]}\n\n'


def sent_of(reply: DemoReply, *, leaves: bool = False) -> tuple[list[Any], ExchangeRecord]:
    """Return what was sent to a client, who is gone at once if it `leaves`."""
    record = ExchangeRecord("/x", {}, None)
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        if not leaves:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(deliver(reply, receive, send, record))
    return sent, record


def test_a_whole_body_is_sent_at_once():
    """Head and body, and no more."""
    head, body = sent_of(json_reply({"choices": [{"message": {"content": "four"}}]}))[0]
    assert (head["status"], head["type"]) == (200, "http.response.start")
    assert "more_body" not in body


def test_a_record_says_how_it_went():
    """Finished, with the characters that were said."""
    _, record = sent_of(json_reply({"choices": [{"message": {"content": "four"}}]}))
    assert (record.finished, record.cancelled, record.characters) == (True, False, 4)
    _, record = sent_of(DemoReply(200, (), [EVENT, EVENT], is_streamed=True))
    assert (record.finished, record.cancelled, record.characters) == (True, False, 8)


def test_a_client_that_leaves_ends_it():
    """What was still to come is not sent; an endless pause ends, too."""
    sent, record = sent_of(DemoReply(200, (), [EVENT, Pause(None), EVENT]), leaves=True)
    assert (record.finished, record.cancelled, record.characters) == (False, True, 0)
    assert [each["type"] for each in sent] == ["http.response.start"]
    sent, record = sent_of(DemoReply(200, (), [EVENT], before_head=(Pause(None),)), leaves=True)
    assert (sent, record.cancelled) == ([], True)


def test_a_pause_is_only_that():
    """All parts come, in order."""
    sent, record = sent_of(DemoReply(200, (), [b"a", Pause(0), b"b"], before_head=(Pause(0),)))
    assert b"".join(each.get("body", b"") for each in sent) == b"ab"
    assert record.finished


def test_a_cut_ends_in_an_exception_without_a_transport():
    """There is no other way to say it: no end of the body is sent."""
    with pytest.raises(ConnectionResetError):
        sent_of(DemoReply(200, (), [b"a", Cut()]))
