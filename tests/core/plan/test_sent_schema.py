"""What the field of a mode holds."""

import pytest

from strictgate.core.capabilities import Capabilities, Mode
from strictgate.core.plan.sent_schema import (
    field_schema,
    needs_wrapper,
    own_schema,
    sent_schema,
    unsaid,
)
from strictgate.core.request.contract import Contract
from strictgate.core.schema.dialect_parts import NotInDialect
from strictgate.core.schema.schema import admit

SOURCE = {
    "type": "object",
    "properties": {"a": {"type": "string", "minLength": 2}, "b": {"const": 1}},
    "required": ["a"],
}
MAP = {"type": "object", "additionalProperties": {"type": "string"}}


def sent(source=SOURCE, mode=Mode.NATIVE, *, strict=False, wrapped=False, **capabilities):
    contract = Contract("m", source, strict=strict)
    schema = admit(source, name="x")
    return sent_schema(schema, contract, Capabilities(**capabilities), mode, wrapped=wrapped)


def test_nothing_known():
    """The caller's own, in its own words."""
    assert sent() == own_schema(admit(SOURCE, name="x"), Contract("m", SOURCE), wrapped=False)
    assert sent().source == SOURCE
    assert sent(wrapped=True).source["properties"] == {"value": SOURCE}


def test_the_dialect_of_the_host():
    """Written down to it, and `strict` as it wants it."""
    found = sent(dialect="anthropic")
    assert found.source["additionalProperties"] is False
    assert (found.dialect, found.strict, found.left_out) == ("anthropic", True, ("minLength",))
    assert found.is_told
    assert found.left_out_at == ("/properties/a/minLength",)
    assert sent(dialect="anthropic", wrapped=True).left_out_at == found.left_out_at


def test_the_plainest_dialect():
    """Within it, what is known of the host still holds."""
    gemini = sent(dialect="gemini", plain_modes=(Mode.NATIVE,))
    assert "additionalProperties" not in gemini.source
    assert sent(dialect="anthropic", plain_modes=(Mode.NATIVE,)).strict
    assert not sent(plain_modes=(Mode.NATIVE,)).strict


def test_a_dialect_for_strict_schemas_only():
    """Without `strict` any schema is taken."""
    assert sent(dialect="openai").dialect == ""
    assert sent(dialect="openai", strict=True).has_nulls


def test_in_tools():
    """Only where functions are held to it, too."""
    assert sent(mode=Mode.TOOL, dialect="anthropic").dialect == ""
    assert sent(mode=Mode.TOOL, dialect="gemini").dialect == "gemini"
    assert sent(mode=Mode.PROMPT, dialect="gemini").dialect == ""


def test_keywords_that_were_refused():
    """Of a host with a dialect, and of one without."""
    assert sent(refused_keywords=("minLength",)).left_out == ("minLength",)
    both = sent(dialect="fireworks", refused_keywords=("const",))
    assert both.source["properties"]["b"] == {"enum": [1]}


def test_the_plainest():
    """For the modes that have refused the schema."""
    assert sent(plain_modes=(Mode.NATIVE,)).dialect == "plain"
    assert sent(mode=Mode.TOOL, plain_modes=(Mode.NATIVE,)).dialect == ""


def test_what_cannot_be_said():
    """Each time it is asked for; and what is too large for any host."""
    for _ in range(2):
        with pytest.raises(NotInDialect):
            sent(MAP, dialect="anthropic")
    large = SOURCE | {"description": "x" * (128 << 10)}
    with pytest.raises(NotInDialect):
        sent(large, dialect="anthropic")


def test_few_are_kept():
    """With the schema, which is kept as long as it is used."""
    schema, contract = admit(SOURCE, name="x"), Contract("m", SOURCE)
    for at in range(20):
        able = Capabilities(refused_keywords=("minLength",) * at, dialect="fireworks")
        first = sent_schema(schema, contract, able, Mode.NATIVE, wrapped=False)
        again = sent_schema(schema, contract, able, Mode.NATIVE, wrapped=False)
        assert first.source is again.source
    for name in ("openai", "groq", "anthropic", "gemini", "moonshot", "cerebras", "xai", "plain"):
        able = Capabilities(dialect=name)
        strict = Contract("m", SOURCE, strict=True)
        sent_schema(schema, strict, able, Mode.NATIVE, wrapped=False)
    assert len(schema.compiled) <= 8


UNION = {
    "type": "object",
    "anyOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"b": {"type": "null"}}}],
}


def test_the_wrapper():
    """Around what need not be an object, and around a union where the root must be said to be
    one."""

    def wraps(source, mode=Mode.NATIVE, **capabilities):
        able, contract = Capabilities(**capabilities), Contract("m", source)
        return needs_wrapper(admit(source, name="x"), contract, able, mode)

    assert wraps({"type": "array"})
    assert not wraps(UNION)
    assert wraps(UNION, dialect="anthropic")
    assert not wraps(UNION, Mode.TOOL, dialect="anthropic")
    assert not wraps(MAP, dialect="anthropic")


def test_unsaid():
    """The reason; where there is no other mode, the caller's own schema is sent all the same."""
    schema, contract = admit(MAP, name="x"), Contract("m", MAP)
    able = Capabilities(dialect="anthropic")
    assert unsaid(schema, contract, able, Mode.NATIVE) == "an object with members of any name"
    assert unsaid(schema, contract, able, Mode.TOOL) == ""
    assert unsaid(admit(UNION, name="x"), Contract("m", UNION), able, Mode.NATIVE) == ""
    held = field_schema(schema, contract, able, Mode.NATIVE, wrapped=False)
    assert held == own_schema(schema, contract, wrapped=False)
