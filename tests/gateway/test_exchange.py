"""Enforced requests from their plan to their answer: what the deltas of guarded streams make up."""

import json

import pytest
from jsonschema import validate

from tests.gates import ONE_WAY, gate, guarding_gate
from tests.streams import REPORT, REPORTS, about, frames, read, records

TEXT = {"type": "string", "minLength": 12_000}
GO_ON = [
    "continues+slips-20",
    "echoes+slips-20",
    "continues+spaced+slips-20",
    "continues+fenced+slips-20",
    "continues+thinks+slips-20",
    "continues+reasoning+slips-20",
    "text-only+continues+slips-20",
    "no-json-schema+echoes+slips-20",
    "blank-loop+continues",
    "string-loop+continues",
    "array-loop+continues",
]
STYLES = {
    "partial": ("continues-partial", {"partial": True}, {}),
    "prefix": ("continues-prefix", {"prefix": True}, {}),
    "continue_final_message": (
        "continues-field",
        {},
        {"continue_final_message": True, "add_generation_prompt": False},
    ),
}


@pytest.mark.parametrize("schema", [REPORT, REPORTS], ids=["object", "array"])
@pytest.mark.parametrize("model", GO_ON)
def test_deltas_are_the_document(demo, model, schema):
    """Whatever the model gets wrong, the deltas make up a valid document, which is one try."""
    with guarding_gate(demo) as running:
        for number in range(4):
            answer = running.chat(model, schema, stream=True, **about(number))
            [text], details = read(answer)
            validate(json.loads(text), schema)
            tries = [each for each in details["attempts"] if "purpose" not in each]
            assert len(tries) == 1, details


@pytest.mark.parametrize("schema", [REPORT, REPORTS], ids=["object", "array"])
def test_the_same_in_any_pieces(demo, schema):
    """The document is the same whether it comes at once, in lines or byte by byte, or waits."""
    for number in range(3):
        found = set()
        for way in ("continues", "continues+crlf", "continues+split", "continues+trickles"):
            with guarding_gate(demo) as running:
                answer = running.chat(f"{way}+slips-20", schema, stream=True, **about(number))
            found.add(read(answer)[0][0])
        assert len(found) == 1


@pytest.mark.parametrize("model", ["continues", "continues+wrong-case-enum", "continues+sticky-10"])
def test_several_choices(demo, model):
    """Each choice is a document of its own, whether it had to be gone on with or not."""
    with guarding_gate(demo) as running:
        texts, _ = read(running.chat(model, REPORT, stream=True, n=3))

    assert len(texts) == 3
    for text in texts:
        validate(json.loads(text), REPORT)


@pytest.mark.parametrize("style", STYLES)
def test_styles_of_models(pair, style):
    """A model's own style is used for it, and never together with a JSON mode."""
    demo, _ = pair
    name, in_message, fields = STYLES[style]
    model = {"upstream": "demo", "model": f"demo/{name}+slips-20", "prefill": style}
    with gate(demo, models={"demo/mine": model}) as running:
        for number in range(3):
            [text], _ = read(running.chat("mine", REPORT, stream=True, **about(number)))
            validate(json.loads(text), REPORT)
    bodies = [record["body"] for record in records(demo)]
    resumed = [body for body in bodies if body["messages"][-1]["role"] == "assistant"]

    assert resumed
    assert all(in_message.items() <= body["messages"][-1].items() for body in resumed)
    assert all(fields.items() <= body.items() for body in resumed)
    assert not any("response_format" in body for body in resumed)


@pytest.mark.parametrize(
    ("model", "is_whole"), [("continues", True), ("continues+wrong-case-enum", False)]
)
@pytest.mark.parametrize("count", [1, 2])
def test_logprobs(demo, model, is_whole, count):
    """They stand beside the very text that they are for; of mended text there are none."""
    with guarding_gate(demo) as running:
        answer = running.chat(model, REPORT, stream=True, logprobs=True, n=count)
    [text, *_], _ = read(answer)
    choices = [chunk["choices"][0] for chunk in frames(answer) if chunk["choices"]]
    scored = [each for each in choices if each["logprobs"] and each["index"] == 0]
    for each in scored:
        tokens = [entry["token"] for entry in each["logprobs"]["content"]]
        assert "".join(tokens) == each["delta"]["content"]
    assert text.startswith("".join(each["delta"]["content"] for each in scored))
    assert ("".join(each["delta"]["content"] for each in scored) == text) is is_whole


def test_thinking_goes_out_too(demo):
    """What a model thinks in a field of its own is not held back till the document is whole."""
    with guarding_gate(demo) as running:
        answer = running.chat("continues+reasoning+slips-20", REPORT, stream=True, **about(2))
    deltas = [chunk["choices"][0]["delta"] for chunk in frames(answer) if chunk["choices"]]
    thoughts = "".join(delta.get("reasoning_content") or "" for delta in deltas)

    assert thoughts.startswith("The us")
    assert "The user wants a document for the schema." in thoughts
    validate(json.loads("".join(delta.get("content") or "" for delta in deltas)), REPORT)


@pytest.mark.parametrize("model", ["continues+no-done", "continues+no-end"])
@pytest.mark.parametrize("stream", [False, True])
def test_an_end_that_was_not_said(demo, model, stream):
    """A document that is whole and out is an answer, however the upstream ends its stream."""
    with guarding_gate(demo) as running:
        answer = running.chat(model, REPORT, stream=stream)

    text = read(answer)[0][0] if stream and answer.status == 200 else answer.content
    validate(json.loads(text), REPORT)


def test_long_texts_again(demo):
    """A schema whose grammar meets a limit of its engine is answered every time."""
    schema = REPORT | {"properties": REPORT["properties"] | {"text": TEXT}}
    with guarding_gate(demo) as running:
        statuses = [running.chat("continues", schema).status for _ in range(3)]

    assert statuses == [200] * 3


def test_one_way_to_go_on(pair):
    """What the schema leaves no choice about is not asked for, in a guarded stream either."""
    demo, running = pair
    answer = running.chat("continues+wrong-enum", ONE_WAY, stream=True, max_tokens=15)
    [text], details = read(answer)

    assert text == '{"choice":"angry"}'
    assert [step["step"] for step in details["repairs"]] == ["forced"]
    assert len(records(demo)) == 1
