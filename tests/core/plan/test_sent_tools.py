"""What a host is told of the caller's functions."""

from dataclasses import replace

import pytest

from strictgate.core.capabilities import Capabilities
from strictgate.core.plan.sent_tools import sent_tools
from strictgate.core.request.tools import Toolset
from strictgate.core.schema.schema import admit

SOURCE = {
    "type": "object",
    "properties": {"a": {"type": "string", "minLength": 2}, "b": {"type": "integer"}},
    "required": ["a", "b"],
    "additionalProperties": False,
}
OPEN = {"type": "object", "properties": {"a": {"type": "string"}}}
CUSTOM = {"type": "custom", "custom": {"name": "c"}}


def tool(parameters=SOURCE, **more):
    return {"type": "function", "function": {"name": "f", "parameters": parameters} | more}


def sent(given, dialect="openai", *, judged=True, **able):
    source = given["function"]["parameters"]
    schemas = {"f": admit(source, name="f") if judged else None, "c": None}
    tools = Toolset(schemas, frozenset(schemas), must_call=False)
    (one, other), left_out = sent_tools(
        [given, CUSTOM], tools, Capabilities(dialect=dialect, **able)
    )
    assert other is CUSTOM
    return one, left_out


def test_a_strict_function():
    """It is written down to what the host takes of strict ones, and what is left out is known."""
    given = tool(strict=True, description="Does it.")
    made, left_out = sent(given)

    parameters = made["function"]["parameters"]
    assert parameters["properties"]["a"] == {"type": "string", "description": "{minLength: 2}"}
    assert left_out == {"f": ("/properties/a/minLength",)}
    rest = {"name": "f", "strict": True, "description": "Does it."}
    assert made["function"] == rest | {"parameters": parameters}
    assert given == tool(strict=True, description="Does it.")


@pytest.mark.parametrize(
    ("given", "options"),
    [
        (tool(), {}),
        (tool(strict=True), {"judged": False}),
        (tool(strict=True), {"dialect": ""}),
        (tool(strict=True), {"dialect": "fireworks"}),
        (tool(OPEN, strict=True), {}),
        (tool({"type": "object", "additionalProperties": {}}, strict=True), {}),
        (tool({"type": "object", "properties": {}}), {"dialect": "gemini"}),
    ],
    ids=[
        *("not strict", "not judged", "no dialect", "not in tools", "nulls for what is absent"),
        *("what cannot be said", "nothing to be changed"),
    ],
)
def test_what_stays(given, options):
    """The caller's own words."""
    made, left_out = sent(given, **options)
    assert (made, left_out) == (given, {})


def test_a_dialect_of_all_functions():
    """It holds for those that are not strict, too; and so does what was refused by name."""
    made, left_out = sent(tool(), "xai", refused_keywords=("minLength",))
    assert "minLength" not in str(made)
    assert left_out == {"f": ("/properties/a/minLength",)}
    made, _ = sent(tool(), "gemini")
    assert "additionalProperties" not in made["function"]["parameters"]


@pytest.mark.parametrize("dialect", ["", "fireworks"])
def test_a_keyword_that_was_refused(dialect):
    """It is left out where the host has no dialect for functions, too; nothing else is."""
    made, left_out = sent(tool(), dialect, refused_keywords=("minLength",))
    assert "minLength" not in str(made["function"]["parameters"])
    assert left_out == {"f": ("/properties/a/minLength",)}
    assert sent(tool(), dialect, refused_keywords=("pattern",)) == (tool(), {})


def test_nobody_judges():
    """Then nothing is changed."""
    given = [tool(strict=True)]
    assert sent_tools(given, None, replace(Capabilities(), dialect="openai")) == (given, {})
