"""Conversations in the order that chat hosts ask for."""

import pytest

from strictgate.core.errors import BadRequest
from strictgate.core.surfaces.responses.history import NO_RESULT, SEE_BELOW, History

IMAGE = {"type": "image_url", "image_url": {"url": "data:x"}}


def text(content):
    return [{"type": "text", "text": content}]


def played(*events, instructions=None):
    """The messages of a conversation; each event is the name of a method's end, and arguments."""
    history = History()
    for name, *arguments in events:
        getattr(history, f"add_{name}")(*arguments)
    return history.messages(instructions)


def user(content):
    return "message", "user", {"content": content}


def assistant(content):
    return "message", "assistant", {"content": content}


def call(identity):
    return "call", identity, "f", "{}"


def result(identity, content="done"):
    return "result", identity, text(content), "input[0]"


def thought(content):
    return "reasoning", {"reasoning_content": content}


def shape(messages):
    """Who speaks, in order; of a message with calls, their ids; of a result, its call's."""
    return [
        " ".join(call["id"] for call in message["tool_calls"])
        if "tool_calls" in message
        else f"={message['tool_call_id']}"
        if message["role"] == "tool"
        else message["role"]
        for message in messages
    ]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([user("a"), assistant("b"), user("c")], "user assistant user"),
        ([user("a"), call("x"), result("x"), user("b")], "user x =x user"),
        ([call("x"), user("hurry"), result("x")], "x =x user"),
        ([call("x"), assistant("Looking."), result("x")], "x =x"),
        ([call("x"), call("y"), result("y"), result("x")], "x y =x =y"),
        ([call("x"), result("x"), call("y"), result("y")], "x =x y =y"),
        ([call("x"), call("y"), result("x"), user("a"), result("y")], "x y =x =y user"),
        ([call("x"), user("a"), call("y"), result("x"), result("y")], "x y =x =y user"),
        ([assistant("I look."), call("x"), result("x")], "x =x"),
        ([call("x"), result("x"), assistant("There.")], "x =x assistant"),
        ([call("x"), result("x"), thought("hm"), call("y"), result("y")], "x =x y =y"),
    ],
)
def test_order(events, expected):
    """Results are directly behind their calls, in their order; nothing is lost."""
    messages = played(*events)

    assert " ".join(shape(messages)) == expected


def test_text_between():
    """An assistant's text between a call and its result joins the calls' message."""
    first, _ = played(call("x"), assistant("a"), assistant("b"), result("x"))

    assert first["content"] == "a\n\nb"


def test_one_system_message():
    """All that the system says stands in front, in order, behind the instructions."""
    messages = played(
        ("message", "system", {"content": "a"}),
        user("hi"),
        ("message", "developer", {"content": text("b")}),
        instructions="Be brief.",
    )

    assert messages == [
        {"role": "system", "content": "Be brief.\n\na\n\nb"},
        {"role": "user", "content": "hi"},
    ]


def test_thoughts():
    """Thinking goes to the message that it led to, else to the one that it came behind."""
    calls, _, answer, question = played(
        thought("1"), call("x"), result("x"), thought("2"), assistant("a"), thought("3"), user("b")
    )

    assert calls["reasoning_content"] == "1"
    assert answer["reasoning_content"] == "23"
    assert "reasoning_content" not in question


def test_several_thoughts():
    """Of one message they are one; what came behind the text, too."""
    [message] = played(thought("1"), thought("2"), assistant("a"), thought("3"))
    details = {"reasoning_details": [1]}
    [other] = played(("reasoning", details), ("reasoning", details), assistant("a"))

    assert message["reasoning_content"] == "123"
    assert other["reasoning_details"] == [1, 1]


def test_thoughts_that_lead_to_nothing():
    """Without an assistant's message there is no place for them."""
    assert played(thought("1"), user("a")) == [{"role": "user", "content": "a"}]


def test_images_of_results():
    """What a tool message cannot hold follows in a user message, behind all results."""
    events = [
        call("x"),
        call("y"),
        ("result", "x", [*text("see"), IMAGE], "input[0]"),
        ("result", "y", [IMAGE], "input[0]"),
        user("well?"),
    ]
    _, first, second, images, question = played(*events)

    assert (first["content"], second["content"]) == ("see", SEE_BELOW)
    assert images == {"role": "user", "content": [IMAGE, IMAGE]}
    assert question["content"] == "well?"


def test_a_call_without_result():
    """The model is told so: hosts want a result for each call."""
    _, told, _ = played(call("x"), user("never mind"))

    assert told == {"role": "tool", "tool_call_id": "x", "content": NO_RESULT}


@pytest.mark.parametrize("before", [[], [call("x"), result("x")], [call("y")]])
def test_a_result_without_call(before):
    """OpenAI's words say which."""
    with pytest.raises(BadRequest, match=r"No tool call found .* call_id x"):
        played(*before, result("x"))


def test_after_a_refusal():
    """A refusal is a message of its own."""
    refusal = {"content": None, "refusal": "no"}

    assert len(played(("message", "assistant", refusal), call("x"), result("x"))) == 3


def test_empty():
    """Thinking alone is no conversation."""
    history = History()
    history.add_reasoning({"reasoning_content": "hm"})

    assert history.is_empty
    history.add_message("user", {"content": "x"})
    assert not history.is_empty
