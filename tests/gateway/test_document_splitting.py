"""Wide documents, asked for in parts of a plain schema."""

import json

import pytest
from jsonschema import validate

from strictgate.commands.plan import upstream_requests
from strictgate.core.wire.request_body import RequestBody
from strictgate.settings.loading import Settings
from tests.streams import read, records

FIELDS = {f"field{number}": {"type": "integer"} for number in range(10)}
WIDE = {
    "type": "object",
    "properties": FIELDS,
    "required": [*FIELDS],
    "additionalProperties": False,
}
SPLIT = {"split": "auto", "split_fields": 4}


@pytest.mark.parametrize("changes", [{}, {"stream": True}])
def test_in_parts(pair, changes):
    """Ten fields, four at a time: three requests, one document, streamed or not."""
    demo, running = pair
    answer = running.chat("clean", WIDE, strictgate=SPLIT, **changes)
    [text], told = read(answer) if changes else ([answer.content], answer.json["x_strictgate"])
    validate(json.loads(text), WIDE)
    assert [*json.loads(text)] == [*FIELDS]
    assert [each["part"] for each in told["attempts"]] == [1, 2, 3]
    assert len(records(demo)) == 3


@pytest.mark.parametrize(
    ("schema", "changes"),
    [
        (WIDE, {"strictgate": SPLIT | {"split": "off"}}),
        (WIDE, {"strictgate": SPLIT | {"split_fields": 10}}),
        (WIDE, {"strictgate": SPLIT, "n": 2}),
        (WIDE | {"minProperties": 1}, {"strictgate": SPLIT}),
    ],
)
def test_whole(strictgate, schema, changes):
    """Where it is not asked for, not so wide, wanted more than once, or no plain object."""
    told = strictgate.chat("clean", schema, **changes).json["x_strictgate"]
    assert "part" not in told["attempts"][0]


def test_tools_beside_it(strictgate):
    """A document that may be a call instead stays whole."""
    tools = [{"type": "function", "function": {"name": "f", "parameters": WIDE}}]
    told = strictgate.chat("clean", WIDE, strictgate=SPLIT, tools=tools).json["x_strictgate"]
    assert "part" not in told["attempts"][0]


def test_the_plan():
    """`strictgate plan` shows the requests for the parts, then those for the whole."""
    inner = {"name": "x", "schema": WIDE}
    body = {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "response_format": {"type": "json_schema", "json_schema": inner},
        "strictgate": SPLIT | {"modes": ["native"]},
    }
    settings = Settings(
        upstreams={"here": {"base_url": "http://127.0.0.1:9/v1", "preset": "generic"}}
    )
    requests = upstream_requests(settings, {}, RequestBody(json.dumps(body).encode()))["requests"]
    assert [each.get("part") for each in requests] == [1, 2, 3, None]
    schemas = [each["body"]["response_format"]["json_schema"]["schema"] for each in requests]
    assert [len(each["properties"]) for each in schemas] == [4, 4, 2, 10]
