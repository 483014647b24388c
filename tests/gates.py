"""A gateway in front of an upstream, as a real server, and requests to it."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from strictgate.api.app import create_app
from strictgate.commands.http_protocol import HttpProtocol
from strictgate.observe.events import Event, RequestFinished
from strictgate.settings.loading import Settings
from tests.servers import serving


def mood(*options: str) -> dict[str, Any]:
    """The schema of the thread, with these options."""
    return {
        "type": "object",
        "properties": {"choice": {"type": "string", "enum": list(options)}},
        "required": ["choice"],
        "additionalProperties": False,
    }


MOOD = mood("angry", "calm")
"""It leaves a choice, so that a wrong answer is wrong."""
ONE_WAY = mood("angry")
"""It leaves none: the thread's own."""


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def content(self) -> Any:
        return self.json["choices"][0]["message"]["content"]

    @property
    def error(self) -> dict[str, Any]:
        return self.json["error"]


@dataclass
class Gate:
    url: str
    events: list[Event] = field(default_factory=list)

    def chat(self, model: str, schema: Any = MOOD, **changes: Any) -> Answer:
        """Ask for a document; `schema` None asks for text."""
        inner = {"name": "thechoice", "schema": schema}
        wanted = {"type": "json_schema", "json_schema": inner}
        body = {"model": f"demo/{model}", "messages": [{"role": "user", "content": "hi"}]}
        return self.post(
            body | ({"response_format": wanted} if schema is not None else {}) | changes
        )

    def post(self, body: Any, path: str = "/v1/chat/completions", **headers: str) -> Answer:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.request("POST", path, data, **{"content-type": "application/json"} | headers)

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, None, **headers)

    def finished(self) -> list[RequestFinished]:
        """The requests that are over, as the log has them: it may be a little behind."""
        return [event for event in self.events if isinstance(event, RequestFinished)]

    def end_of(self, answer: Answer) -> RequestFinished:
        """The end of the request that got `answer`, waited for."""
        while True:
            for event in self.finished():
                if event.request_id == answer.headers["x-request-id"]:
                    return event
            time.sleep(0.01)

    def request(self, method: str, path: str, data: bytes | None, **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url + path, data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return Answer(answer.status, _lower(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, _lower(error.headers), error.read())


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@contextmanager
def gate(upstream: str, environment: dict[str, str] | None = None, **tables: Any) -> Iterator[Gate]:
    """Run a gateway; `tables` are its settings, to which the upstream is added as `demo`.

    It is on the server of `strictgate serve`; `http` says otherwise: "auto" is uvicorn's own.
    """
    http = tables.pop("http", HttpProtocol)
    upstreams = tables.pop("upstreams", {})
    demo = {"base_url": f"{upstream}/v1"} | upstreams.pop("demo", {})
    settings = Settings(
        **{"default_upstream": "demo", "upstreams": {"demo": demo, **upstreams}} | tables
    )
    events: list[Event] = []
    with serving(create_app(settings, environment or {}, (events.append,)), http=http) as url:
        yield Gate(url, events)


@contextmanager
def guarding_gate(upstream: str, **tables: Any) -> Iterator[Gate]:
    """Run a gateway that knows that the upstream's models go on from a last message."""
    goes_on = {"demo": {"prefill": "trailing"}}
    with gate(upstream, upstreams=goes_on, **tables) as running:
        yield running
