"""What upstreams say, and how it is read: two tables, and what holds of any text."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.capabilities import Mode
from strictgate.core.wire import refusal_patterns as words
from strictgate.core.wire.refusal import (
    CRASHED,
    MAX_TEXT,
    NOT_A_REFUSAL,
    STATUSES,
    Partner,
    Refused,
    classify_refusal,
    refused_functions,
    refuses_custom_tools,
    refuses_field,
    refuses_prefix,
    refuses_tools,
)
from tests.corpora import rows
from tests.tables import load

WIRE = load("wire_fixtures")
CASES = load("refusals")["cases"]
KINDS = {
    "unsupported": Refused.FORMAT,
    "schema_dialect": Refused.DIALECT,
    "conflict": Refused.CONFLICT,
    "json_word": Refused.JSON_WORD,
    "validation_failed": Refused.INVALID_OUTPUT,
    "tool_failed": Refused.INVALID_OUTPUT,
}
REFUSED_TYPES = {
    "json_schema": (Mode.NATIVE,),
    "json_object": (Mode.JSON_OBJECT,),
    "both": (Mode.NATIVE, Mode.JSON_OBJECT),
}
FORMATS = (Mode.NATIVE, Mode.JSON_OBJECT)


def body_of(row: dict[str, Any]) -> Any:
    """The body of a row of the wire table; what is only a message goes into OpenAI's shape."""
    if row["body_kind"] != "message":
        return row["body"]
    return {"error": {"message": row["body"], "type": "invalid_request_error"}}


@pytest.mark.parametrize(
    "row", [row for row in WIRE if not row["stream"]], ids=lambda row: row["meaning"][:50]
)
def test_recorded(row: dict[str, Any]):
    """Every recorded error answer is read as what it is, and in the right direction."""
    kind = KINDS.get(row["cls"], Refused.NOT_A_REFUSAL)
    if "max completion tokens reached" in json.dumps(row["body"]):
        kind = Refused.TRUNCATED_OUTPUT
    modes = REFUSED_TYPES.get(row.get("refused_type", ""), ())
    for sent in modes or FORMATS:
        refusal = classify_refusal(row["status"], body_of(row), sent)
        assert refusal.kind is kind
        assert refusal.modes == modes or kind is Refused.DIALECT
        assert refusal.pattern != "undiagnosed"


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_wordings(case: dict[str, Any]):
    """Each wording is read as the table says."""
    refusal = classify_refusal(case["status"], case["body"], Mode(case["sent"]))
    found = (refusal.kind, list(refusal.modes))
    assert found == (case["kind"], case.get("modes", [])), refusal
    silent = case.get("pattern") == "undiagnosed"
    assert (refusal.pattern == "undiagnosed") == silent
    assert refusal.failed_generation == case.get("failed_generation")
    assert refusal.partners == set(map(Partner, case.get("partners", [])))


@pytest.mark.parametrize("status", [200, 401, 402, 403, 408, 409, 413, 429, 504, 529])
def test_other_statuses_never_refuse(status: int):
    """Whatever the words, a status that means something else is no refusal."""
    for case in CASES:
        assert classify_refusal(status, case["body"], Mode(case["sent"])) is NOT_A_REFUSAL


@pytest.mark.parametrize("status", sorted(CRASHED))
def test_only_unmistakable_words_refuse_when_the_server_failed(status: int):
    """With a status that says so, the words that the table marks are read, and no others."""
    for case in CASES:
        refusal = classify_refusal(status, case["body"], Mode(case["sent"]))
        found = (refusal.kind, list(refusal.modes)) if refusal is not NOT_A_REFUSAL else None
        expected = (case["kind"], case["modes"]) if case.get("unmistakable") else None
        assert found == expected, case


def test_nothing_refuses_the_prompt():
    """A request with no format in it cannot have had its format refused."""
    for case in CASES:
        refusal = classify_refusal(400, case["body"], Mode.PROMPT)
        assert refusal.kind in (
            Refused.NOT_A_REFUSAL,
            Refused.INVALID_OUTPUT,
            Refused.TRUNCATED_OUTPUT,
        )


def test_a_refusal_says_what_decided():
    """Every reading but the last resort names its pattern, for the log."""
    for case in CASES:
        refusal = classify_refusal(case["status"], case["body"], Mode(case["sent"]))
        assert refusal.pattern or refusal is NOT_A_REFUSAL


def test_recorded_errors_of_other_kinds():
    """Errors about anything else, as recorded, are never a refusal of the format."""
    for row in rows("sse/recorded_json.jsonl"):
        if row["status"] >= 400:
            for sent in (*FORMATS, Mode.TOOL):
                refusal = classify_refusal(row["status"], row["body"], sent)
                failed = "failed_generation" in row["body"]
                assert refusal.kind is (Refused.INVALID_OUTPUT if failed else Refused.NOT_A_REFUSAL)


def test_groq_errors():
    """Groq's errors, as observed."""
    unsupported = ("does not support response format", "one of the following must be satisfied[")
    kinds = set()
    for row in rows("groq_errors/observed_errors.jsonl"):
        text = json.dumps(row.get("body"))
        refusal = classify_refusal(row["http_status"], row.get("body"), Mode.NATIVE)
        refused = row["http_status"] == 400 and any(words in text for words in unsupported)
        assert (refusal.kind is Refused.FORMAT) == (refused and "messages.0" not in text), text
        kinds.add(refusal.kind)
    assert {Refused.FORMAT, Refused.NOT_A_REFUSAL} <= kinds


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["error", "message", "detail", "code", "param", "metadata", "raw", "loc", "issues"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    st.sampled_from(sorted(STATUSES | CRASHED)),
    JSON | st.binary(max_size=40),
    st.sampled_from(Mode),
)
def test_any_body_is_read(status: int, body: Any, sent: Mode):
    """No body raises, and only what may be in a refusal is in it."""
    refusal = classify_refusal(status, body, sent)
    assert refusal.kind in (Refused.FORMAT, Refused.DIALECT) or not refusal.modes


def test_a_large_body_is_cut_first():
    """A body of many megabytes is read by its beginning; the words at its end say nothing."""
    words = "response_format json_schema is not supported"
    long = "not " * 2_000_000
    assert classify_refusal(400, {"error": {"message": long + words}}, Mode.NATIVE) is NOT_A_REFUSAL
    assert classify_refusal(400, words + ". " + long, Mode.NATIVE).kind is Refused.FORMAT
    details = [{"msg": str(number) + long} for number in range(5)]
    assert (
        classify_refusal(400, {"detail": [*details, {"msg": words}]}, Mode.NATIVE) is NOT_A_REFUSAL
    )


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("registry.ollama.ai/library/gemma:2b does not support tools", True),
        ("`tool calling` is not supported with this model", True),
        ("tools are not supported by this model.", True),
        ("No endpoints found that support tool use. To learn more …", True),
        ("This model does not support function calling", True),
        ("This model does not support tools.", True),
        ('"auto" tool choice requires --enable-auto-tool-choice to be set', True),
        ("Function calling is not enabled for models/gemma-3-1b-it", True),
        ("Unsupported param: tools", True),
        ("unknown field: tools", True),
        ("Extra inputs are not permitted: tools", True),
        ("tools are not supported in this template", True),
        ("json mode cannot be combined with tool/function calling", False),
        ("tool_choice 'required' is not supported", False),
        ("Tools are not supported in streaming mode", False),
        ("This model does not support response format `json_schema`.", False),
        ("Invalid schema for function 'x'", False),
        ("tools[0].type: 'web_search' is not supported", False),
        ("tools.0.function.strict: Extra inputs are not permitted", False),
        ("parallel tool calls are not supported", False),
        ("thinking mode does not support tools", False),
    ],
)
def test_refuses_tools(message, expected):
    """Tools as such are refused, not their use together with something else."""
    assert refuses_tools(400, {"error": {"message": message}}) is expected
    assert not refuses_tools(401, {"error": {"message": message}})


GEMINI = 'Invalid JSON payload received. Unknown name "x" at \'tools[0].function_declarations[1]'


@pytest.mark.parametrize(
    ("status", "message", "alone", "refused"),
    [
        (400, "Invalid schema for function 'g': 'oneOf' is not permitted.", False, {"g"}),
        (400, f"{GEMINI}.parameters': Cannot find field.", False, {"g"}),
        (
            400,
            "tools.0.function.parameters: JSON schema is invalid: unsupported keywords",
            True,
            {"f"},
        ),
        (400, "JSON schema conversion failed:\nUnrecognized schema: {}", True, {"f", "g"}),
        (400, "JSON schema conversion failed:\nUnrecognized schema: {}", False, set()),
        (500, "Failed to parse grammar", True, {"f", "g"}),
        (500, "Internal server error", True, set()),
        (400, "tools are not supported", True, set()),
        (400, "Invalid value for tool_choice", True, set()),
        (
            400,
            "tool call validation failed: parameters for tool f did not match schema",
            True,
            set(),
        ),
        (400, "tools[1].function.parameters: Invalid schema for function 'g'", True, {"g"}),
        (400, "tools[2].function.parameters: unsupported json schema field", True, {"f", "g"}),
        (400, "tools[7].function.parameters: unsupported json schema field", True, {"f", "g"}),
        (401, "Invalid schema for function 'g'", True, set()),
        (404, "The model `f` does not exist: invalid schema", True, set()),
    ],
)
def test_refused_functions(status, message, alone, refused):
    """The functions whose schemas are refused: those that are named, or else all."""
    body = {"error": {"message": message}}
    assert refused_functions(status, body, ["f", "g"], alone=alone) == refused


@pytest.mark.parametrize(
    "error", [{"code": "invalid_function_parameters"}, {"schema_path": "/properties/a"}]
)
def test_functions_refused_by_a_code(error: dict[str, Any]):
    """What a code or a member says needs no words about it."""
    body = {"error": {"message": "No."} | error}
    assert refused_functions(400, body, ["f", "g"], alone=True) == {"f", "g"}
    assert refused_functions(400, body, ["f", "g"], alone=False) == set()


@pytest.mark.parametrize("status", sorted(CRASHED))
def test_tools_refused_by_a_server_that_failed(status: int):
    """Of a status that says that the server failed, two sentences of llama.cpp's are read."""
    assert refuses_tools(status, {"error": {"message": "Unsupported param: tools"}})
    assert refuses_tools(status, {"error": {"message": "tools param requires --jinja flag"}})
    assert not refuses_tools(status, {"error": {"message": "tools are not supported"}})


NO_LOGPROBS = "logprobs is not supported"


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (400, {"message": NO_LOGPROBS}, True),
        (415, {"message": NO_LOGPROBS}, True),
        *((status, {"message": NO_LOGPROBS}, False) for status in (401, 404, 414, 416, 500)),
        (404, {"message": f"No endpoints found that support it. {NO_LOGPROBS}"}, True),
        (400, {"message": "is not supported", "param": "logprobs"}, True),
        (400, {"message": "logprobs is read. seed is not supported"}, False),
        (400, {"message": f"failed to generate json: {NO_LOGPROBS}"}, False),
        (400, {"message": f"the maximum context length: {NO_LOGPROBS}"}, False),
        (400, {"message": f"{NO_LOGPROBS} while the server is overloaded"}, False),
        (400, {"message": NO_LOGPROBS, "code": "model_not_found"}, False),
        (400, {"message": NO_LOGPROBS, "code": "unsupported_value"}, True),
    ],
)
def test_refuses_field(status: int, error: dict[str, Any], expected: bool):
    """One sentence names the field and says no to it, and nothing else explains the error."""
    named_by = re.compile("logprobs")
    assert refuses_field(status, {"error": error}, named_by, words.SAYS_NO) is expected


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, {"error": {"message": "The last message must be from the user"}}, True),
        (415, {"error": {"message": "prefill is not allowed"}}, True),
        (400, "prefill is not allowed", True),
        (500, {"error": {"message": "prefill is not allowed"}}, False),
        (400, {"error": {"message": "temperature is not allowed"}}, False),
        (400, {}, False),
    ],
)
def test_refuses_prefix(status: int, body: Any, expected: bool):
    """A failure whose words are about a prefix, with a status that refuses."""
    assert refuses_prefix(status, body) is expected


def test_the_field_at_fault_is_named_once():
    """What an error names as its parameter counts as named in its sentences."""
    message = {"message": "This is not supported."}
    assert classify_refusal(400, {"error": message}, Mode.NATIVE) is NOT_A_REFUSAL
    named = {"error": message | {"param": "response_format"}}
    assert classify_refusal(400, named, Mode.NATIVE).kind is Refused.FORMAT


@pytest.mark.parametrize(("surplus", "kind"), [(0, Refused.FORMAT), (1, Refused.NOT_A_REFUSAL)])
def test_how_much_is_read(surplus: int, kind: Refused):
    """Words count that lie within the limit to their last letter, over all texts of the body."""
    last = "response_format json_schema is unsupported"
    rest = MAX_TEXT - 2 * 4000 - len("\n\n\n") - len(last) + surplus
    texts = ("a" * 4000, "b" * 4000, "c" * rest)
    body = {"detail": [{"msg": each} for each in (*texts, last)]}
    assert classify_refusal(400, body, Mode.NATIVE).kind is kind


@pytest.mark.parametrize(("place", "is_listed"), [(159, False), (160, True), (161, True)])
def test_how_long_a_list_is(place: int, is_listed: bool):
    """What is allowed stands within 160 characters behind the words that announce it."""
    cue = "Invalid response_format. It must be one of:"
    listed = " json_object ".ljust(place - len(" json_schema"), "x") + " json_schema"
    refusal = classify_refusal(400, cue + listed, Mode.NATIVE)
    assert len(listed) == place
    assert (refusal is NOT_A_REFUSAL) is (not is_listed), refusal


@pytest.mark.parametrize(
    ("error", "pattern"),
    [
        ({"message": "Failed to generate JSON."}, "json_validate_failed"),
        ({"message": "No.", "code": "json_validate_failed"}, "code"),
        ({"message": "Invalid schema for response_format 'x'."}, "invalid_schema"),
        ({"message": "No.", "code": "invalid_json_schema"}, "code"),
        ({"message": "The model `x` does not exist"}, "unknown_model"),
        ({"message": "No.", "code": "model_not_found"}, "code"),
    ],
)
def test_what_decided(error: dict[str, Any], pattern: str):
    """The pattern that decided is named, or that it was the code alone."""
    assert classify_refusal(400, {"error": error}, Mode.NATIVE).pattern == pattern


@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize(
    ("sent", "message", "kind", "modes"),
    [
        (Mode.TOOL, "Failed to parse grammar", Refused.DIALECT, (Mode.TOOL,)),
        (Mode.NATIVE, "Failed to parse grammar", Refused.DIALECT, (Mode.NATIVE,)),
        (Mode.PROMPT, "Failed to parse grammar", Refused.NOT_A_REFUSAL, ()),
        (Mode.TOOL, "tools param requires --jinja flag", Refused.FORMAT, (Mode.TOOL,)),
        (Mode.NATIVE, "tools param requires --jinja flag", Refused.NOT_A_REFUSAL, ()),
    ],
)
def test_a_server_that_failed(
    status: int, sent: Mode, message: str, kind: Refused, modes: tuple[Mode, ...]
):
    """What it failed over counts for the mode that was sent, and for no other."""
    refusal = classify_refusal(status, {"error": {"message": message}}, sent)
    assert (refusal.kind, refusal.modes) == (kind, modes)


@pytest.mark.parametrize(
    ("status", "message", "is_refused"),
    [tuple(row.values()) for row in load("refused_prefixes")],
)
def test_refused_prefixes(status: int, message: str, is_refused: bool):
    """A prefix is refused by a sentence that names it and says no, as any other field is."""
    assert refuses_prefix(status, {"error": {"message": message}}) is is_refused


@pytest.mark.parametrize("row", load("custom_tool_refusals")["cases"], ids=lambda row: str(row))
def test_custom_tools(row: dict[str, Any]):
    """A request that has custom tools is refused for them, in many words."""
    assert refuses_custom_tools(row["status"], row["body"]) is row["refuses"]
