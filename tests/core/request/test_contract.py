"""What is a contract, what passes through, and what is refused in OpenAI's words."""

import pytest

from strictgate.core.errors import BadRequest
from strictgate.core.request.contract import (
    CarriedSchemas,
    Contract,
    carried_schemas,
    read_contract,
)
from strictgate.core.request.tools import read_tools
from tests.tables import load

CASES = load("contract")
SCHEMA = {"type": "object"}
BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def wanting(**inner):
    return BODY | {"response_format": {"type": "json_schema", "json_schema": inner}}


@pytest.mark.parametrize("case", CASES["refused"], ids=lambda case: case["about"])
def test_refused(case):
    """A malformed request is refused with OpenAI's message, param and code."""
    with pytest.raises(BadRequest) as refused:
        read_contract(BODY | case["body"])

    error = refused.value.body()["error"]
    expected = {"type": "invalid_request_error", "code": None} | case["error"]
    assert error == expected


@pytest.mark.parametrize("case", CASES["passed_through"], ids=lambda case: case["about"])
def test_passed_through(case):
    """A request without a schema carries nothing to enforce, however odd the rest of it is."""
    assert carried_schemas(case["body"]) == CarriedSchemas()


def test_json_schema():
    """Name, description, strictness and schema are read from where OpenAI puts them."""
    body = wanting(name="x", description="d", strict=True, schema=SCHEMA) | {
        "stream": True,
        "stream_options": {"include_usage": True},
        "n": 2,
        "tools": [{"type": "function", "function": {"name": "f"}}],
    }

    assert read_contract(body) == Contract(
        model="m",
        source=SCHEMA,
        is_json_object=False,
        name="x",
        description="d",
        strict=True,
        stream=True,
        include_usage=True,
        choices=2,
        toolbox=read_tools(body),
    )


def test_json_object():
    """JSON mode asks for an object of any shape."""
    read = read_contract(BODY | {"response_format": {"type": "json_object"}})

    assert (read.is_json_object, read.source) == (True, {"type": "object"})


def test_json_object_with_schema():
    """A schema beside the type is enforced like any other."""
    wanted = {"type": "json_object", "schema": {"type": "array"}}
    read = read_contract(BODY | {"response_format": wanted})

    assert (read.is_json_object, read.source) == (False, {"type": "array"})


def test_a_false_schema_is_a_schema():
    """Booleans are schemas; only a missing one is missing."""
    assert read_contract(wanting(name="x", schema=False)).source is False


F = {"type": "function", "function": {"name": "f", "parameters": SCHEMA}}
G = {"type": "function", "function": {"name": "g", "strict": True}}


@pytest.mark.parametrize(
    ("body", "carried"),
    [
        ({"tools": [F]}, CarriedSchemas(tools=True)),
        ({"tools": [F, G]}, CarriedSchemas(tools=True, strict_tools=True)),
        ({"functions": [G["function"]]}, CarriedSchemas(tools=True, strict_tools=True)),
        ({"tools": [None, {"function": 3}]}, CarriedSchemas()),
        ({"response_format": {"type": "json_object"}}, CarriedSchemas(document=True)),
        ({"response_format": "odd"}, CarriedSchemas(document=True)),
        ({"guided_json": {}, "tools": [F]}, CarriedSchemas(document=True, tools=True)),
        ({"response_format": {"type": "text"}, "guided_json": {}}, CarriedSchemas()),
    ],
    ids=str,
)
def test_carried_schemas(body, carried):
    """A look finds documents and functions; what is odd where a schema should be is one, too."""
    assert carried_schemas(body) == carried
