"""Calls of the caller's functions, as transcripts."""

import json

import pytest

from strictgate.core.capabilities import Capabilities
from strictgate.core.conversation.conversation import Conversation
from strictgate.core.errors import ToolUseInvalid
from strictgate.core.plan.planner import Planner
from strictgate.core.repair_steps import Repair
from strictgate.core.request.contract import read_contract
from strictgate.core.request.options import Enforcement
from strictgate.core.schema.schema import admit
from strictgate.core.wire.reply import Failure, parse_reply
from tests.core.talks import MOOD, hold, said

TOOLS = [
    {"type": "function", "function": {"name": "mood", "parameters": MOOD, "strict": True}},
    {"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}},
]
GOOD = '{"choice":"angry"}'
BAD = '{"choice":"happy"}'


def talk(document=None, capabilities=None, rules=None, *, is_loose=False, **changes):
    """A conversation about a request with tools; `document`: the schema of a final answer;
    `is_loose`: no function is judged."""
    body = {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "tools": TOOLS,
    } | changes
    if document is not None:
        inner = {"name": "d", "schema": document}
        body["response_format"] = {"type": "json_schema", "json_schema": inner}
    wanted = read_contract(body)
    schemas = {"mood": admit(MOOD, name="mood"), "now": None}
    box = wanted.toolbox
    tools = None if is_loose else box.judged_by(schemas)
    schema = admit(document if document is not None else {"type": "object"}, name="d")
    made = Planner(wanted, schema, capabilities or Capabilities(), body, "m", tools=tools)
    return Conversation(made, rules or Enforcement())


def called(*calls, content=None, finish_reason="tool_calls"):
    """A reply that calls functions: (name, arguments)."""
    made = [
        {"id": f"c{at}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for at, (name, arguments) in enumerate(calls)
    ]
    return said(content, finish_reason=finish_reason, tool_calls=made)


def calls_of(outcome):
    message = outcome.body["choices"][0]["message"]
    return [
        (each["id"], each["function"]["name"], each["function"]["arguments"])
        for each in message["tool_calls"]
    ]


def test_good():
    """Valid calls are handed on as they are, and the request was the caller's own."""
    outcome, asks = hold(talk(), called(("mood", GOOD), ("now", "{}")))

    assert calls_of(outcome) == [("c0", "mood", GOOD), ("c1", "now", "{}")]
    assert asks[0].body["tools"] == TOOLS
    assert asks[0].body["messages"] == [{"role": "user", "content": "hi"}]
    assert "response_format" not in asks[0].body


def test_mended():
    """Arguments are extracted and mended like documents, each call for itself."""
    outcome, _ = hold(talk(), called(("mood", "```json\n{'choice': 'Angry',}\n```"), ("now", "?")))

    (_, _, first), (_, _, second) = calls_of(outcome)
    assert json.loads(first) == {"choice": "angry"}
    assert second == "?"
    paths = {step.path for _, step in outcome.steps}
    assert "/tool_calls/0/function/arguments/choice" in paths


def test_not_judged():
    """The arguments of a function that is not strict are as the model wrote them."""
    outcome, _ = hold(talk(), called(("now", "nonsense")))

    assert calls_of(outcome) == [("c0", "now", "nonsense")]


def test_asked_again():
    """A bad call is asked for again, with what is wrong as the result of that call."""
    outcome, asks = hold(talk(), called(("now", "{}"), ("mood", BAD)), called(("mood", GOOD)))

    assert calls_of(outcome) == [("c0", "mood", GOOD)]
    assistant, first, second = asks[1].body["messages"][1:]
    assert [each["id"] for each in assistant["tool_calls"]] == ["c0", "c1"]
    assert (first["tool_call_id"], second["tool_call_id"]) == ("c0", "c1")
    assert first["content"].startswith("Error: not done")
    assert "/choice" in second["content"]
    assert outcome.body["usage"] == {"total_tokens": 20}


def test_feedback_in_words():
    """Where the arguments are no JSON, an upstream could not read them: they are quoted."""
    _, asks = hold(talk(), called(("mood", '{"choice": [')), called(("mood", GOOD)))

    assistant, user = asks[1].body["messages"][1:]
    assert assistant["content"] == '{"name": "mood", "arguments": {"choice": [}'
    assert user["role"] == "user"


def test_the_error():
    """When attempts run out, the body is Groq's, with what the model wrote."""
    with pytest.raises(ToolUseInvalid) as failed:
        hold(talk(), *[called(("mood", '{"foo":1}'))] * 3)

    error = failed.value.body()["error"]
    assert error == {
        "message": "Tool call validation failed: tool call validation failed: parameters for tool "
        "mood did not match schema: errors: [missing properties: 'choice', additionalProperties "
        "'foo' not allowed]",
        "type": "invalid_request_error",
        "code": "tool_use_failed",
        "failed_generation": '{"name": "mood", "arguments": {"foo":1}}',
    }


def test_unknown_function():
    """A function that was not given is a problem too."""
    with pytest.raises(ToolUseInvalid) as failed:
        hold(talk(), *[called(("nope", "{}"))] * 3)

    assert failed.value.message.endswith(
        "attempted to call tool 'nope' which was not in request.tools"
    )


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "mood"}}])
def test_missing_call(choice):
    """Text is no answer where a call is required."""
    with pytest.raises(ToolUseInvalid) as failed:
        hold(talk(tool_choice=choice), *[said("maybe")] * 3)

    error = failed.value.body()["error"]
    assert error["message"] == "Tool choice is required, but model did not call a tool"
    assert error["failed_generation"] == "maybe"


def test_wrong_function():
    """Where one function is asked for, another is as bad as none."""
    choice = {"type": "function", "function": {"name": "mood"}}
    outcome, _ = hold(talk(tool_choice=choice), called(("now", "{}")), called(("mood", GOOD)))

    assert calls_of(outcome) == [("c0", "mood", GOOD)]


def test_call_as_text():
    """A required call that the model wrote as text is one."""
    text = 'Sure: {"name": "mood", "arguments": {"choice": "angry"}}'
    outcome, _ = hold(talk(tool_choice="required"), said(text))

    (identity, name, arguments) = calls_of(outcome)[0]
    assert len(identity) == 9
    assert (name, json.loads(arguments)) == ("mood", {"choice": "angry"})
    assert outcome.body["choices"][0]["finish_reason"] == "tool_calls"


def test_text():
    """Without a format, an answer in words is the caller's as it is."""
    outcome, _ = hold(talk(), said("It is late."))

    assert outcome.body["choices"][0]["message"]["content"] == "It is late."


def test_empty_arguments():
    """No arguments at all are an empty object, where that is valid."""
    tools = [{"type": "function", "function": {"name": "now", "strict": True}}]
    made = talk(tools=tools)
    made._criteria.tools.schemas["now"] = admit({"type": "object"}, name="now")

    outcome, _ = hold(made, called(("now", "")))

    assert calls_of(outcome) == [("c0", "now", "{}")]


def test_upstream_found_fault():
    """Groq's own tool_use_failed is an attempt: its text is mended or asked for anew."""
    text = '{"name": "mood", "arguments": {"choice": "Angry"}}'
    error = {"message": "…", "code": "tool_use_failed", "failed_generation": text}
    outcome, _ = hold(talk(), Failure(400, {"error": error}, {}))

    assert json.loads(calls_of(outcome)[0][2]) == {"choice": "angry"}


def test_truncated():
    """A call that the caller's budget cut off is not asked for again."""
    with pytest.raises(ToolUseInvalid) as failed:
        hold(talk(), called(("mood", '{"choi'), finish_reason="length"))

    assert "max completion tokens" in failed.value.body()["x_strictgate"]["reason"]


def test_repair_off():
    """Nothing is mended where nothing may be."""
    outcome, asks = hold(
        talk(rules=Enforcement(repair=Repair.OFF)),
        called(("mood", '{"choice": "Angry"}')),
        called(("mood", GOOD)),
    )

    assert len(asks) == 2
    assert outcome.steps == ()


def test_deprecated():
    """`function_call` is judged in the same way."""
    functions = [TOOLS[0]["function"]]
    choices = [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": None,
                "function_call": {"name": "mood", "arguments": "{'choice': 'angry'}"},
            },
            "finish_reason": "function_call",
        }
    ]
    answer = parse_reply({"choices": choices})
    outcome, _ = hold(talk(tools=None, functions=functions), answer)

    message = outcome.body["choices"][0]["message"]
    assert json.loads(message["function_call"]["arguments"]) == {"choice": "angry"}
    assert "tool_calls" not in message


def test_call_or_document():
    """With a format, too, calls are validated as calls, and the final answer as a document."""
    outcome, asks = hold(talk(document=MOOD), called(("mood", BAD)), said(GOOD))

    assert outcome.body["choices"][0]["message"]["content"] == GOOD
    assert len(asks) == 2


def test_pair_refused():
    """Where tools and a format do not go together, the schema goes into the prompt."""
    apart = Capabilities(json_with_tools=False)
    outcome, asks = hold(talk(document=MOOD, capabilities=apart), said(GOOD))

    assert "response_format" not in asks[0].body
    assert asks[0].body["tools"] == TOOLS
    assert "<json_schema>" in asks[0].body["messages"][0]["content"]
    assert outcome.body["choices"][0]["message"]["content"] == GOOD


@pytest.mark.parametrize(
    ("finish", "choice", "expected"),
    [
        ("stop", "auto", "tool_calls"),
        (None, "auto", "tool_calls"),
        ("length", "required", "tool_calls"),
        ("stop", {"type": "function", "function": {"name": "mood"}}, "stop"),
        ("tool_calls", {"type": "function", "function": {"name": "mood"}}, "tool_calls"),
    ],
)
def test_finish_reason(finish, choice, expected):
    """It agrees with the message; for a named function it may be `stop`, as OpenAI has it."""
    outcome, _ = hold(talk(tool_choice=choice), called(("mood", GOOD), finish_reason=finish))

    assert outcome.body["choices"][0]["finish_reason"] == expected


def test_finish_reason_of_what_may_be_cut():
    """Arguments that nobody judges may have been cut: that is not hidden."""
    outcome, _ = hold(talk(), called(("now", '{"zo'), finish_reason="length"))

    assert outcome.body["choices"][0]["finish_reason"] == "length"


def test_finish_reason_of_text():
    """Without a call there is none to finish with."""
    outcome, _ = hold(talk(), said("It is late.", finish_reason="tool_calls"))

    assert outcome.body["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize("tools", [TOOLS, TOOLS[1:]], ids=["strict", "not strict"])
def test_no_call_beside_a_format(tools):
    """With `none` only a document is an answer, whether or not a function is strict."""
    made = talk(document=MOOD, tools=tools, tool_choice="none")
    outcome, asks = hold(made, called(("now", "{}")), said(GOOD))

    assert len(asks) == 2
    assert outcome.body["choices"][0]["message"]["content"] == GOOD


def test_a_bad_call_beside_a_good_document():
    """The call is asked for again, not dropped."""
    both = called(("mood", BAD), content=GOOD)
    outcome, asks = hold(talk(document=MOOD), both, called(("mood", GOOD)))

    assert len(asks) == 2
    assert calls_of(outcome) == [("c0", "mood", GOOD)]


def test_one_call_at_a_time():
    """Of two calls neither is handed on; the model is asked for one."""
    made = talk(parallel_tool_calls=False)
    two = called(("mood", GOOD), ("now", "{}"))
    outcome, asks = hold(made, two, called(("mood", GOOD)))

    assert calls_of(outcome) == [("c0", "mood", GOOD)]
    assert "make one call" in asks[1].body["messages"][-1]["content"]
    outcome, _ = hold(talk(parallel_tool_calls=False), two, two, two)
    assert calls_of(outcome) == [("c0", "mood", GOOD)]
    assert [step.name for _, step in outcome.steps] == ["calls_dropped"]


@pytest.mark.parametrize(
    ("calls", "outcome"),
    [
        ([("zzz", "{}")], "invalid"),
        ([("mood", "{}")], "invalid"),
        ([("mood", "{")], "not_json"),
    ],
)
def test_outcome_of_an_attempt(calls, outcome):
    """What can be read, but is not wanted, is invalid."""
    made = talk()
    hold(made, called(*calls), called(("mood", GOOD)))

    assert made.record.attempts[0].outcome == outcome


def test_feedback_leaves_out_what_the_host_refuses():
    """Fields that it does not take in messages are in none."""
    made = talk(capabilities=Capabilities(drop_in_messages=("reasoning_content",)))
    bad = said(
        None,
        reasoning_content="hm",
        tool_calls=called(("mood", BAD)).body["choices"][0]["message"]["tool_calls"],
    )
    _, asks = hold(made, bad, called(("mood", GOOD)))

    assert "reasoning_content" not in asks[1].body["messages"][1]
    _, asks = hold(talk(), bad, called(("mood", GOOD)))
    assert asks[1].body["messages"][1]["reasoning_content"] == "hm"


def test_ids_of_turns_before():
    """A made-up id is another one in every turn."""
    bare = called(("mood", GOOD))
    del bare.body["choices"][0]["message"]["tool_calls"][0]["id"]
    ((first, *_),) = calls_of(hold(talk(), parse_reply(bare.body))[0])
    history = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "tool_calls": [{"id": first, "function": {"name": "mood"}}]},
        {"role": "tool", "tool_call_id": first, "content": "ok"},
    ]
    ((second, *_),) = calls_of(hold(talk(messages=history), parse_reply(bare.body))[0])
    assert first != second


def test_a_malformed_call():
    """A host that could not read the model's call says so in its reason to finish (Gemini)."""
    outcome, asks = hold(
        talk(), said("", finish_reason="MALFORMED_FUNCTION_CALL"), called(("mood", GOOD))
    )
    assert len(asks) == 2
    assert calls_of(outcome) == [("c0", "mood", GOOD)]


@pytest.mark.parametrize("empty", [said(""), said(None), called()])
def test_an_empty_last_answer(empty):
    """The error has the last that the model wrote, though its last answer was empty."""
    bad = called(("mood", BAD))
    with pytest.raises(ToolUseInvalid) as failed:
        hold(talk(tool_choice="required"), bad, empty, empty)

    assert failed.value.failed_generation == f'{{"name": "mood", "arguments": {BAD}}}'
