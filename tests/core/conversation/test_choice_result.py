"""What came of a choice: the error for the caller, the feedback for the model."""

import pytest

from strictgate.core.conversation.choice_result import Rejected, StuckAt, ToolCallErrors
from strictgate.core.conversation.tool_calls import NO_CALL, CallFault, ToolCallError
from strictgate.core.errors import OutputInvalid, ToolUseInvalid
from strictgate.core.request.tools import Toolset
from strictgate.core.schema.schema import admit
from tests.core.talks import MOOD

SCHEMA = admit(MOOD, name="s")
PROBLEMS = tuple(SCHEMA.problems({"choice": "happy"}))
TOOLS = Toolset({}, frozenset(), must_call=True)


def rejected(text="x", problems=(), reason="", *, truncated=False, **more):
    return Rejected(text, problems, reason, truncated, **more)


def test_what_does_not_match():
    """The message has the place and the rule, and so have the headers."""
    error = rejected('{"choice":"happy"}', PROBLEMS).error({"x-a": "b"})

    assert isinstance(error, OutputInvalid)
    assert error.body() == {
        "error": {
            "message": "Generated JSON does not match the expected schema. Please adjust your "
            "prompt. See 'failed_generation' for more details. Error: " + PROBLEMS[0].sentence,
            "type": "invalid_request_error",
            "code": "json_validate_failed",
            "failed_generation": '{"choice":"happy"}',
        }
    }
    assert error.headers["x-strictgate-schema-path"] == "/properties/choice/enum"
    assert error.headers["x-strictgate-schema-kind"] == "enum"
    assert error.headers["x-a"] == "b"


def test_what_is_no_json():
    """Groq's message for it; where it got stuck stands beside the error."""
    place = StuckAt("/choice", '{"choice":', ('"angry"', '"calm"'))
    body = rejected("hm", place=place).error({}).body()

    assert body["error"]["message"].startswith("Failed to validate JSON.")
    assert body["error"]["failed_generation"] == "hm"
    assert body["x_strictgate"] == {
        "path": "/choice",
        "valid_prefix": '{"choice":',
        "allowed": ['"angry"', '"calm"'],
    }


def test_what_is_truncated():
    """The sentence is Groq's; the text is kept beside it."""
    body = rejected('{"cho', reason="unfinished", truncated=True).error({}).body()

    assert body["error"]["failed_generation"].startswith("max completion tokens reached")
    assert "raise max_tokens" in body["error"]["message"]
    assert "prompt" not in body["error"]["message"]
    assert body["x_strictgate"]["failed_generation"] == '{"cho'


@pytest.mark.parametrize("truncated", [True, False])
def test_misused_tools(truncated):
    """They have an error of their own, and feedback."""
    misuse = ToolCallErrors({}, (), (ToolCallError(CallFault.MISSING, NO_CALL, None),), TOOLS)
    result = rejected("maybe", truncated=truncated, misuse=misuse)
    error = result.error({})

    assert isinstance(error, ToolUseInvalid)
    assert error.message.startswith(NO_CALL)
    assert ("raise max_tokens" in error.message) is truncated
    assert error.failed_generation == "maybe"
    assert ("x_strictgate" in error.body()) is truncated
    assert NO_CALL in result.feedback()[-1]["content"]


def test_feedback():
    """The model sees its own words, and what is wrong with them."""
    first, last = rejected('{"choice":"happy"}', PROBLEMS).feedback()

    assert first == {"role": "assistant", "content": '{"choice":"happy"}'}
    assert "/choice" in last["content"]


def test_header_values_are_ascii():
    """Property names of any kind can be told in a header."""
    schema = admit({"type": "object", "properties": {"größe\n": {"type": "integer"}}}, name="s")
    problems = tuple(schema.problems({"größe\n": "x"}))

    path = rejected(problems=problems).error({}).headers["x-strictgate-schema-path"]
    assert path.isascii()
    assert path.isprintable()
