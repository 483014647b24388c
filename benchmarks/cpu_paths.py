"""The eight ways of a request that benchmarks/cpu.py measures, and the upstream that answers them.

Run as a program, this module is the upstream: `python cpu_paths.py PORT`. It computes nothing: the
answers are made before the first request comes, and the name of the model picks one of them.
A streamed answer is one write, so that every run reads the same pieces. The models `wrong-N` think
for 20 ms, and N of a hundred of their answers are wrong, drawn from a seed; `GET /calls` tells how
many answers have been given.
"""

import asyncio
import json
import random
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httptools
import uvloop

CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"
DOCUMENT = (
    '{"product_name": "UltraSound Headphones", "rating": 4.5, "sentiment": "positive", '
    '"key_features": ["noise cancellation", "battery life", "crisp and clear sound"]}'
)
DELTA = 8  # characters
PLAIN, CONTINUES, CALLS, EMULATES = "plain", "continues", "calls", "emulates"
CONFIG = """\
[upstreams.instant]
base_url = "{upstream}"
preset = "generic"

[models]
plain = {{upstream = "instant"}}
continues = {{upstream = "instant", prefill = "trailing"}}
calls = {{upstream = "instant"}}
emulates = {{upstream = "instant", tools = false}}
"""
"""The gateway's configuration; older commits of it take the same."""
_REVIEW = json.loads((Path(__file__).parent / "product_review.json").read_text(encoding="utf-8"))
_MESSAGES = {"messages": _REVIEW["messages"]}
_FORMAT = _REVIEW["response_format"]
_NAME, _SCHEMA = _FORMAT["json_schema"]["name"], _FORMAT["json_schema"]["schema"]
_ENFORCED = {**_MESSAGES, "response_format": _FORMAT}
_FUNCTION = {"name": _NAME, "strict": True, "parameters": _SCHEMA}
_TOOLS = {
    **_MESSAGES,
    "tools": [{"type": "function", "function": _FUNCTION}],
    "tool_choice": "required",
}
_RESPONSE = {
    "input": _REVIEW["messages"],
    "text": {"format": {"type": "json_schema", **_FORMAT["json_schema"]}},
}
_BUFFERED = {"stream": True, "strictgate": {"stream": "buffered"}}


@dataclass(frozen=True, slots=True)
class RequestPath:
    """One way of a request, and what shows in the answer that it was gone."""

    name: str
    model: str
    body: Mapping[str, Any]
    proof: str
    """What the body of a right answer contains."""
    address: str = CHAT

    def request(self) -> str:
        """Return the body to send."""
        return json.dumps({"model": self.model, **self.body}, separators=(",", ":"))


PATHS = (
    RequestPath("enforced whole", PLAIN, _ENFORCED, "UltraSound"),
    RequestPath("guarded", CONTINUES, {**_ENFORCED, "stream": True}, "data: [DONE]"),
    RequestPath("buffered stream", CONTINUES, _ENFORCED | _BUFFERED, "data: [DONE]"),
    RequestPath("tools", CALLS, _TOOLS, '"tool_calls"'),
    RequestPath("emulated", EMULATES, _TOOLS, '"tool_calls"'),
    RequestPath("responses", PLAIN, _RESPONSE, '"output_text"', RESPONSES),
    RequestPath(
        "responses stream",
        CONTINUES,
        {**_RESPONSE, "stream": True},
        "event: response.completed",
        RESPONSES,
    ),
    RequestPath("passed through", PLAIN, _MESSAGES, "UltraSound"),
)


# --- the upstream --------------------------------------------------------------------------------

_USAGE = {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150}


def answers() -> dict[tuple[str, bool], bytes]:
    """Return the answers of HTTP by the model's name and whether they are streamed."""
    call = {"name": _NAME, "arguments": DOCUMENT}
    tool = {"id": "call_1", "type": "function", "function": call}
    emulated = f'{{"tool_calls": [{{"name": "{_NAME}", "arguments": {DOCUMENT}}}]}}'
    said: dict[str, dict[str, Any]] = {
        PLAIN: {"content": DOCUMENT},
        CONTINUES: {"content": DOCUMENT},
        CALLS: {"content": None, "tool_calls": [tool]},
        EMULATES: {"content": emulated},
    }
    whole = {
        (model, False): _http("application/json", _completion(model, message))
        for model, message in said.items()
    }
    streamed = {
        (model, True): _http("text/event-stream", "".join(_events(model, said[model]["content"])))
        for model in (PLAIN, CONTINUES)
    }
    return whole | streamed


def _completion(model: str, message: Mapping[str, Any]) -> str:
    finish = "tool_calls" if "tool_calls" in message else "stop"
    choice = {
        "index": 0,
        "message": {"role": "assistant", **message},
        "finish_reason": finish,
        "logprobs": None,
    }
    return json.dumps(_told(model, "chat.completion", choice) | {"usage": _USAGE})


def _events(model: str, text: str) -> Iterator[str]:
    deltas = [text[start : start + DELTA] for start in range(0, len(text), DELTA)]
    for delta in [{"role": "assistant", "content": ""}, *({"content": each} for each in deltas)]:
        yield _event(model, {"index": 0, "delta": delta, "finish_reason": None})
    yield _event(model, {"index": 0, "delta": {}, "finish_reason": "stop"})
    yield "data: [DONE]\n\n"


def _event(model: str, choice: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(_told(model, 'chat.completion.chunk', choice))}\n\n"


def _told(model: str, kind: str, choice: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": kind,
        "created": 1_760_000_000,
        "model": model,
        "choices": [choice],
    }


def _http(kind: str, text: str, status: str = "200 OK") -> bytes:
    body = text.encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


WRONG = (
    DOCUMENT.replace('"positive"', '"happy"'),
    DOCUMENT.replace('"rating": 4.5, ', ""),
    DOCUMENT.replace("4.5", '"4.5 of 5"'),
    DOCUMENT[: len(DOCUMENT) // 2],
)
"""A value that the enum has not, a member missing, a wrong type, and half of a document."""
THOUGHT = 0.02  # seconds


class _Unreliable:
    """The models that are wrong now and then."""

    def __init__(self) -> None:
        self._dice = random.Random(1)
        self._wrong = [self._answer("wrong", text) for text in WRONG]
        self._right = self._answer("wrong", DOCUMENT)
        self.calls = 0

    @staticmethod
    def _answer(model: str, text: str) -> bytes:
        return _http("application/json", _completion(model, {"content": text}))

    def answer(self, percent: int) -> bytes:
        self.calls += 1
        is_wrong = self._dice.random() * 100 < percent
        return self._dice.choice(self._wrong) if is_wrong else self._right


_ANSWERS = answers()
_UNRELIABLE = _Unreliable()
_NOT_FOUND = _http("application/json", '{"error": {"message": "no such page"}}', "404 Not Found")


class _Connection(asyncio.Protocol):
    """Answers each request as soon as it is there."""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._parser = httptools.HttpRequestParser(self)
        self._body = b""

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_url(self, url: bytes) -> None:
        self._asks_calls = url.endswith(b"/calls")

    def on_message_complete(self) -> None:
        body, self._body = self._body, b""
        if self._asks_calls:
            self._transport.write(_http("text/plain", str(_UNRELIABLE.calls)))
            return
        asked = json.loads(body) if body else {}
        model = str(asked.get("model"))
        if model.startswith("wrong-"):
            answer = _UNRELIABLE.answer(int(model.removeprefix("wrong-")))
            asyncio.get_running_loop().call_later(THOUGHT, self._transport.write, answer)
            return
        self._transport.write(_ANSWERS.get((model, asked.get("stream") is True), _NOT_FOUND))


async def _serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
