"""What each mode puts into the body."""

import pytest

from strictgate.core.capabilities import ForcedTool, Mode
from strictgate.core.plan.mode_fields import MODE_FIELDS
from strictgate.core.request.contract import Contract

NAMED = {"type": "function", "function": {"name": "mood"}}


@pytest.mark.parametrize("mode", list(Mode))
def test_only_native_and_tool_carry_the_schema(mode: Mode):
    """The others leave it to the prompt."""
    fields = MODE_FIELDS[mode](Contract("m", name="mood"), {"title": "T"}, ForcedTool.NAMED)

    assert ("'title': 'T'" in str(fields)) is (mode in (Mode.NATIVE, Mode.TOOL))


def test_native_says_what_the_caller_said():
    """Name, description and `strict` are the caller's, and left out where the caller did."""
    contract = Contract("m", name="mood", description="d", strict=True)
    fields = MODE_FIELDS[Mode.NATIVE](contract, {}, ForcedTool.NAMED)
    inner = {"name": "mood", "description": "d", "schema": {}, "strict": True}
    assert fields == {"response_format": {"type": "json_schema", "json_schema": inner}}

    bare = MODE_FIELDS[Mode.NATIVE](Contract("m", name="mood"), {}, ForcedTool.NAMED)
    assert bare["response_format"]["json_schema"] == {"name": "mood", "schema": {}}


@pytest.mark.parametrize(
    ("forced", "choice"),
    [(ForcedTool.NAMED, NAMED), (ForcedTool.REQUIRED, "required"), (ForcedTool.AUTO, None)],
)
def test_a_tool_is_forced_as_far_as_it_can_be(forced: ForcedTool, choice):
    """In the way that the capabilities have."""
    fields = MODE_FIELDS[Mode.TOOL](Contract("m", name="mood"), {}, forced)

    assert fields.get("tool_choice") == choice
    assert fields["tools"][0]["function"]["name"] == "mood"
