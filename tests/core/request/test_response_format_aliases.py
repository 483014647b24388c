"""Other spellings of the wish for a schema."""

import pytest

from strictgate.core.errors import BadRequest
from strictgate.core.request import response_format_aliases
from strictgate.core.request.contract import read_contract
from strictgate.core.request.response_format_aliases import is_elsewhere

BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}


@pytest.mark.parametrize(
    "fields",
    [
        {"guided_json": SCHEMA},
        {"guided_json": '{"type":"object","properties":{"a":{"type":"integer"}}}'},
        {"structured_outputs": {"json": SCHEMA}},
        {"format": SCHEMA},
        {"response_format": {"type": "json_schema", "schema": SCHEMA}},
        {"response_format": {"type": "json_object", "schema": SCHEMA}},
        {"response_format": {"type": "json_object", "response_schema": SCHEMA}},
    ],
    ids=str,
)
def test_schema(fields):
    """Each carries the same schema as OpenAI's own would."""
    read = read_contract(BODY | fields)

    assert (read.source, read.is_json_object, read.strict) == (SCHEMA, False, False)


@pytest.mark.parametrize(
    "fields", [{"format": "json"}, {"structured_outputs": {"json_object": True}}]
)
def test_any_object(fields):
    """JSON mode has other spellings, too."""
    assert read_contract(BODY | fields).is_json_object


def test_flat_with_a_name():
    """A flat format keeps what stands beside the schema."""
    flat = {"type": "json_schema", "name": "x", "schema": SCHEMA, "strict": True}
    read = read_contract(BODY | {"response_format": flat})

    assert (read.name, read.strict) == ("x", True)


@pytest.mark.parametrize("fields", [{"format": "text"}, {"structured_outputs": {"regex": "a"}}])
def test_no_schema(fields):
    """Other constraints are the upstream's business."""
    assert not is_elsewhere(fields)
    assert not read_contract(BODY | fields).has_document


def test_not_json():
    """A schema in a string that is no JSON is refused, with its place."""
    with pytest.raises(BadRequest) as refused:
        read_contract(BODY | {"guided_json": "{"})

    assert refused.value.body()["error"]["param"] == "guided_json"


def test_healing():
    """OpenRouter's healing is done here; other plugins are sent on."""
    web = {"id": "web"}

    assert response_format_aliases.without_healing([{"id": "response-healing"}, web]) == [web]
    assert response_format_aliases.without_healing("odd") == "odd"
