"""What tests of streams share: long documents, what a client makes of a stream, the upstream's
records, and a client that reads as little as it is told to."""

import json
import socket
import urllib.request

from strictgate.core.surfaces.openai import COMMENT
from strictgate.core.wire.sse import DONE
from tests.gates import MOOD

REPORT = {
    "type": "object",
    "properties": {
        "text": {"type": "string", "minLength": 300},
        "mood": {"enum": ["angry", "calm"]},
        "tags": {"type": "array", "items": {"enum": ["red", "green", "blue"]}, "minItems": 3},
        "score": {"type": "number"},
        "sure": {"type": "boolean"},
    },
    "required": ["text", "mood", "tags", "score", "sure"],
    "additionalProperties": False,
}


REPORTS = {"type": "array", "items": REPORT, "minItems": 2, "maxItems": 3}


PAGES = {"type": "array", "items": {"type": "string", "minLength": 1_000}, "minItems": 20}


LONG = MOOD | {
    "properties": {"pages": PAGES} | MOOD["properties"],
    "required": ["pages", "choice"],
}
"""More text than one read from a socket brings, and then a choice."""


POLLS = 2000


def about(number):
    """A request about another document for each number."""
    return {"messages": [{"role": "user", "content": f"Write about number {number}."}]}


def frames(answer):
    """The events of a stream, as JSON."""
    assert answer.status == 200, answer.raw
    events = answer.raw.replace(COMMENT, b"").removesuffix(DONE).split(b"\n\n")
    assert answer.raw.endswith(DONE)
    return [json.loads(event.removeprefix(b"data: ")) for event in events if event]


def read(answer):
    """The contents of the choices and the last chunk's details; the order of the parts is right."""
    chunks = [chunk for chunk in frames(answer) if chunk["choices"]]
    texts, roles, finished = {}, [], []
    for chunk in chunks:
        [choice] = chunk["choices"]
        index, delta = choice["index"], choice["delta"]
        assert index not in finished, "nothing follows the reason for the end"
        roles += [index] if "role" in delta else []
        assert index in roles, "the role comes first"
        texts[index] = texts.get(index, "") + (delta.get("content") or "")
        finished += [index] if choice["finish_reason"] == "stop" else []
    assert sorted(roles) == sorted(finished) == sorted(texts)
    assert len({(chunk["id"], chunk["created"], chunk["model"]) for chunk in chunks}) == 1
    assert ["x_strictgate" in chunk for chunk in chunks].index(True) == len(chunks) - 1
    return [texts[index] for index in sorted(texts)], chunks[-1]["x_strictgate"]


def records(demo):
    with urllib.request.urlopen(f"{demo}/_requests") as answer:
        return json.load(answer)


def until(demo, wanted):
    """Poll the upstream's records until they are as wanted."""
    for _ in range(POLLS):
        found = records(demo)
        if wanted(found):
            return found
    raise AssertionError(found)


class Reader:
    """A client that reads as much as it is told to."""

    def __init__(self, running, model, schema, **changes):
        inner = {"name": "x", "schema": schema}
        body = {"model": f"demo/{model}", "stream": True} | about(0) | changes
        body["response_format"] = {"type": "json_schema", "json_schema": inner}
        data = json.dumps(body).encode()
        host, _, port = running.url.removeprefix("http://").partition(":")
        self._connection = socket.create_connection((host, int(port)), timeout=30)
        self._connection.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
            b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(data) + data
        )

    def read(self, size):
        found = b""
        while len(found) < size:
            piece = self._connection.recv(size - len(found))
            assert piece, "the answer ended"
            found += piece
        return found

    def close(self):
        self._connection.close()
