"""A process's own end, with a supervisor that is a socket."""

import asyncio
import os
import socket

import pytest

from strictgate.core.resilience.messages import BreakerMoved, decode_message, encode_message
from strictgate.processes import member as module
from strictgate.processes.member import Member
from strictgate.processes.messages import (
    LEARNED,
    Inquiry,
    InquiryReply,
    InquirySent,
    LeaveOrder,
    MessageReader,
    Notice,
    written,
)

DOWN, UP = (BreakerMoved("u", "a", is_open) for is_open in (True, False))


def held(talk):
    """Hold a talk between a member and its supervisor; return the orders, and whether it has seen
    its supervisor go."""
    seen, gone = [], []

    async def hold():
        ours, theirs = socket.socketpair()
        member = Member(seen.append, lambda: gone.append(True))
        await member.join(theirs)
        reader, writer = await asyncio.open_connection(sock=ours)
        async with asyncio.timeout(20):
            await talk(member, reader, writer)
            writer.close()
            await until(gone)

    asyncio.run(hold())
    return seen


async def until(happened):
    """Wait until a list has something in it."""
    while not happened:  # noqa: ASYNC110 (what fills it is no code of an event loop)
        await asyncio.sleep(0.01)


async def next_messages(reader, count):
    found, parsed = [], MessageReader()
    while len(found) < count:
        found += parsed.feed(await reader.read(1 << 16))
    return found


def test_orders():
    """What is no talk among processes is obeyed; the end of the channel is seen."""
    order = LeaveOrder(has_delay=False)

    async def talk(member, _, writer):
        writer.write(written(order))

    assert held(talk) == [order]


def test_asked():
    """The answers of all that answer; an empty one is none."""

    async def talk(member, reader, writer):
        asking = asyncio.create_task(member.ask("topic", b"?"))
        [sent] = await next_messages(reader, 1)
        assert sent == Inquiry(os.getpid(), 1, "topic", b"?")
        for answer in (b"a", b"", b"b"):
            writer.write(written(InquiryReply(sent.asker, 1, "topic", answer)))
        writer.write(written(InquirySent(1, 3)))
        assert await asking == [b"a", b"b"]

    held(talk)


def test_who_does_not_answer(monkeypatch):
    """Nobody is waited for without end."""
    monkeypatch.setattr(module, "PATIENCE", 0.05)

    async def talk(member, _, writer):
        asking = asyncio.create_task(member.ask("topic"))
        writer.write(written(InquirySent(1, 2)) + written(InquiryReply(0, 1, "topic", b"a")))
        assert await asking == [b"a"]

    held(talk)


def test_answers():
    """To what is asked; nothing to what it does not know."""

    async def talk(member, reader, writer):
        member.answer_with("double", lambda content: content * 2)
        writer.write(written(Inquiry(7, 1, "double", b"ab")) + written(Inquiry(7, 2, "other", b"")))
        assert await next_messages(reader, 2) == [
            InquiryReply(7, 1, "double", b"abab"),
            InquiryReply(7, 2, "other", b""),
        ]

    held(talk)


def test_a_bug_costs_one_answer():
    """Not the channel, without which the process would leave; it is told."""
    told = []

    async def talk(member, reader, writer):
        member.report_to(told.append)
        member.answer_with("broken", lambda content: {}[content])
        member.answer_with("sound", lambda content: content)
        for number, topic in enumerate(("broken", "sound")):
            writer.write(written(Inquiry(7, number, topic, b"x")))
        assert await next_messages(reader, 1) == [InquiryReply(7, 1, "sound", b"x")]

    held(talk)
    assert ["KeyError" in each.traceback for each in told] == [True]


def test_notices():
    """They go out, and come in to who listens."""
    heard = []

    async def talk(member, reader, writer):
        member.subscribe(heard.append)
        member.publish(DOWN)
        [sent] = await next_messages(reader, 1)
        assert decode_message(sent.content, "") == DOWN
        writer.write(written(sent))  # its own is no news
        writer.write(written(Notice("other", b"no message")))
        writer.write(written(Notice(LEARNED, encode_message(UP, "another"))))
        await until(heard)

    held(talk)
    assert heard == [UP]


@pytest.mark.parametrize("has_joined", [False, True])
def test_without_a_supervisor(has_joined):
    """Nobody answers, and telling is no error."""

    async def alone():
        member = Member(print, lambda: None)
        if has_joined:
            ours, theirs = socket.socketpair()
            await member.join(theirs)
            ours.close()
            await asyncio.sleep(0.05)
        member.publish(DOWN)
        return await member.ask("topic")

    assert asyncio.run(alone()) == []
