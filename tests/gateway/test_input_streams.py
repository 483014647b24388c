"""Inputs of custom tools that stream: stopped where they go wrong, gone on from, given early."""

import json

import pytest

from tests.gates import gate
from tests.gateway.test_custom_inputs import given_input, lark, request
from tests.reports.script import Script
from tests.reports.upstream import Upstream
from tests.servers import serving

LINES = "".join(f"+some line {number} of a text\n" for number in range(8))
BEGUN = f"*** Begin Patch\n*** Add File: é.txt\n{LINES}"
END = "+last\n*** End Patch"
WRONG = "bad line\n*** End Patch"
KINDS = ("function", "custom")


def call(kind, text):
    """The member of a call that has the input, or a piece of it."""
    return {kind: {"input": text} if kind == "custom" else {"arguments": text}}


def streamed(kind, text, finish_reason="tool_calls"):
    """A call with this input, in a stream and as a whole."""
    given = text if kind == "custom" else json.dumps({"input": text})
    head = {
        "index": 0,
        "id": "call_1",
        "type": kind,
        kind: {"name": "patch"} | call(kind, "")[kind],
    }
    pieces = [given[at : at + 5] for at in range(0, len(given), 5)]
    chunks = [{"tool_calls": [{"index": 0} | call(kind, piece)]} for piece in pieces]
    whole = {"id": "call_1", "type": kind, kind: {"name": "patch"} | call(kind, given)[kind]}
    message = {"role": "assistant", "tool_calls": [whole]}
    chunks = [{"tool_calls": [head]}, *chunks]
    return {"message": message, "chunks": chunks, "finish_reason": finish_reason}


def words(text):
    return {"content": text, "finish_reason": "stop"}


def asked(kind, answers, *, stream, prefill="trailing", workers=0, **more):
    """The answer of the gateway, and what it asked an upstream whose models go on."""
    upstreams = {"demo": {"responses": False, "prefill": prefill}}
    path, body = request(kind, lark())
    script = Script(answers)
    with (
        serving(Upstream({"x": script})) as url,
        gate(f"{url}/x", upstreams=upstreams, limits={"workers": workers}) as running,
    ):
        return running.post(body | {"model": "m", "stream": stream} | more, path), script.asked


def frames(came):
    lines = came.raw.decode().splitlines()
    data = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    return [json.loads(each) for each in data if each != "[DONE]"]


def pieces(kind, came):
    """The pieces of the input, as the client gets them."""
    if kind == "custom":
        deltas = [each["choices"][0]["delta"] for each in frames(came) if each.get("choices")]
        return [each["tool_calls"][0]["custom"]["input"] for each in deltas if "tool_calls" in each]
    name = "response.custom_tool_call_input.delta"
    return [each["delta"] for each in frames(came) if each["type"] == name]


def details(kind, came, *, stream):
    whole = frames(came)[-1] if stream else came.json
    whole = whole.get("response", whole)
    return whole["x_strictgate"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_goes_on(kind, stream):
    """The upstream is stopped at the first wrong byte, and asked for what comes behind the good."""
    came, sent = asked(kind, [streamed(kind, BEGUN + WRONG), words(END)], stream=stream)

    assert came.status == 200
    if stream:
        given = pieces(kind, came)
        assert "".join(given) == BEGUN + END
        assert BEGUN.startswith(given[0])
    else:
        assert given_input(kind, came) == BEGUN + END
    prefix = sent[1]["messages"][-1]
    assert (len(sent), prefix) == (2, {"role": "assistant", "content": BEGUN})
    assert "tools" not in sent[1]
    attempts = details(kind, came, stream=stream)["attempts"]
    assert [each.get("purpose") for each in attempts] == [None, "continuation"]
    assert attempts[0]["end"] == "stopped"


@pytest.mark.parametrize("kind", KINDS)
def test_one_call_to_the_client(kind):
    """A stream says the head of the call once, and ends as one that was whole would."""
    came, _ = asked(kind, [streamed(kind, BEGUN + WRONG), words(END)], stream=True)

    if kind == "custom":
        deltas = [each["choices"][0]["delta"] for each in frames(came) if each.get("choices")]
        heads = [
            each["tool_calls"][0] for each in deltas if "id" in (each.get("tool_calls") or [{}])[0]
        ]
        assert [(each["id"], each["custom"]["name"]) for each in heads] == [("call_1", "patch")]
        assert frames(came)[-1]["choices"][0]["finish_reason"] == "tool_calls"
        return
    events = frames(came)
    assert [each["sequence_number"] for each in events] == list(range(len(events)))
    added, *_ = [each["item"] for each in events if each["type"] == "response.output_item.added"]
    (done,) = [each["item"] for each in events if each["type"] == "response.output_item.done"]
    (item,) = events[-1]["response"]["output"]
    assert done == item
    assert added == {**item, "input": "", "status": "in_progress"}
    (text,) = [
        each["input"] for each in events if each["type"] == "response.custom_tool_call_input.done"
    ]
    assert text == item["input"] == BEGUN + END


@pytest.mark.parametrize("kind", KINDS)
def test_forced_before_it_goes_on(kind):
    """What must follow is written first, and named."""
    begun = "*** Begin Patch\n*** Add File: a\n"
    answers = [streamed(kind, f"{begun}hi"), words("hi\n*** End Patch")]
    came, sent = asked(kind, answers, stream=False)

    assert given_input(kind, came) == f"{begun}+hi\n*** End Patch"
    assert sent[1]["messages"][-1]["content"] == f"{begun}+"
    (step,) = details(kind, came, stream=False)["repairs"]
    where = "custom/input" if kind == "custom" else "function/arguments/input"
    assert (step["step"], step["path"]) == ("forced", f"/tool_calls/0/{where}")


@pytest.mark.parametrize("kind", KINDS)
def test_forced_at_the_end(kind):
    """An input that ends too early is finished where nothing else may follow."""
    came, sent = asked(kind, [streamed(kind, f"{BEGUN}*** E")], stream=False, prefill="none")

    assert given_input(kind, came) == f"{BEGUN}*** End Patch"
    assert len(sent) == 1
    assert came.headers["x-strictgate-repairs"] == "forced"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (BEGUN + END, BEGUN + END),
        ("*** Begin Patch\n*** Delete File: b\n*** End Patch", None),
        (f"```\n{BEGUN}{END}\n```", f"{BEGUN}{END}\n"),
    ],
    ids=["echo", "anew", "anew in a fence"],
)
def test_what_a_model_makes_of_the_prefix(answer, expected):
    """A repeated prefix is passed over; a new start counts as a whole, where it can."""
    came, sent = asked("custom", [streamed("custom", BEGUN + WRONG), words(answer)], stream=False)

    if expected is None:  # it is shorter than what there is: then it is asked again
        assert len(sent) > 2
    else:
        assert (given_input("custom", came), len(sent)) == (expected, 2)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_wrong_for_ever(kind, stream):
    """Never a byte that the grammar refuses; the error is Groq's."""
    came, _ = asked(kind, [streamed(kind, BEGUN + WRONG)], stream=stream)

    if stream:
        assert BEGUN.startswith("".join(pieces(kind, came)))
        failed = frames(came)[-1]
        error = failed["error"] if kind == "custom" else failed["response"]["error"]
    else:
        error = came.error
    assert error["code"] == "tool_use_failed"
    assert "Begin Patch" in error["failed_generation"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_budget_that_has_cut_it_off(kind):
    """The caller's own limit is never gone past; a cut text that could go on is not whole."""
    answers = [streamed(kind, BEGUN, finish_reason="length")]
    limit = "max_tokens" if kind == "custom" else "max_output_tokens"
    came, sent = asked(kind, answers, stream=False, **{limit: 50})

    assert (came.status, came.error["code"], len(sent)) == (400, "tool_use_failed", 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_try_must_begin_alike(kind):
    """What is out cannot be taken back: another call in its place is no answer."""
    other = streamed(kind, "*** Begin Patch\n*** Delete File: b\n*** End Patch")
    answers = [streamed(kind, BEGUN + WRONG), words(WRONG), words(WRONG), other]
    came, _ = asked(kind, answers, stream=True)

    assert BEGUN.startswith("".join(pieces(kind, came)))
    failed = frames(came)[-1]
    error = failed["error"] if kind == "custom" else failed["response"]["error"]
    assert error["code"] == "tool_use_failed"


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_try_that_begins_alike(kind):
    """The same call again, whole, ends what is out, under the id that is out."""
    answers = [streamed(kind, BEGUN + WRONG), words(WRONG), words(WRONG)]
    answers.append(streamed(kind, BEGUN + END))
    came, _ = asked(kind, answers, stream=True)

    assert "".join(pieces(kind, came)) == BEGUN + END


@pytest.mark.parametrize("kind", KINDS)
def test_in_a_worker(kind):
    """Where there are workers they read what a grammar may take long for; it comes to the same."""
    answers = [streamed(kind, BEGUN + WRONG), words(END)]
    came, sent = asked(kind, answers, stream=True, workers=1)

    assert "".join(pieces(kind, came)) == BEGUN + END
    assert len(sent) == 2


def told(text, stream, *more):
    """What comes where the model has no tools, and writes its calls in a document."""
    made = {"name": "patch", "arguments": {"input": text}}
    script = Script([words(json.dumps({"tool_calls": [made]})), *more])
    path, body = request("function", lark())
    settings = {"responses": False, "prefill": "trailing", "tools": False}
    with (
        serving(Upstream({"x": script})) as url,
        gate(f"{url}/x", upstreams={"demo": settings}, limits={"workers": 0}) as running,
    ):
        return running.post(body | {"model": "m", "stream": stream}, path), script.asked


@pytest.mark.parametrize("stream", [False, True])
def test_told(stream):
    """The input in such a document is gone on from as any other."""
    came, sent = told(BEGUN + WRONG, stream, words(END))

    given = "".join(pieces("function", came)) if stream else given_input("function", came)
    assert given == BEGUN + END
    assert (len(sent), sent[1]["messages"][-1]["content"]) == (2, BEGUN)
    assert sent[1]["messages"][-2]["content"].endswith("%import common.LF\n")


def test_told_and_forced():
    """And it is finished where nothing else may follow."""
    came, sent = told(f"{BEGUN}*** E", False)

    assert (given_input("function", came), len(sent)) == (f"{BEGUN}*** End Patch", 1)
    assert came.headers["x-strictgate-repairs"] == "forced"
