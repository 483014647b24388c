"""What `strictgate demo` shows: one request, sent to a bad model directly and through Strictgate.

The models are those of the demonstration upstream, whose names say what is bad about them. Both
requests go over HTTP, as a client's would; `show` is to run beside the server, in a thread.
"""

import http.client
from collections.abc import Callable, Iterator
from textwrap import indent, wrap
from typing import Any
from urllib.parse import urlsplit

from strictgate.core.guard.judge_text import InvalidText, judge_text
from strictgate.core.jsontext.reader import NotJSON, parse_json, write_json
from strictgate.core.repair_steps import Repair
from strictgate.core.schema.schema import admit
from strictgate.core.value_type import value_type

FIELDS = ("product", "rating", "sentiment", "features")
REVIEW = {
    "type": "object",
    "properties": {
        "product": {"type": "string", "examples": ["UltraSound"]},
        "rating": {"type": "integer", "minimum": 1, "maximum": 5},
        "sentiment": {"type": "string", "enum": ["positive", "neutral", "negative"]},
        "features": {
            "type": "array",
            "items": {"type": "string"},
            "examples": [["rich sound", "comfortable"]],
        },
    },
    "required": list(FIELDS),
    "additionalProperties": False,
}
QUESTION = (
    "Sum up this review: The UltraSound headphones sound rich and sit well. The price is fair."
)
TIMEOUT = 30.0  # seconds
WIDTH = 100


@value_type
class ShownModel:
    """A model of the demonstration upstream that is asked."""

    name: str
    flaw: str
    """What is bad about it, as the end of "A model that …"."""


MODELS = (
    ShownModel("demo/no-json-schema", "does not take a schema"),
    ShownModel(
        "demo/continues+prose+fenced+trailing-comma+quoted-numbers+wrong-once",
        "talks, misspells JSON and forgets a field",
    ),
    ShownModel("demo/ignores-schema", "never writes a document"),
)


@value_type
class ShownAnswer:
    """An answer to the request."""

    status: int
    body: dict[str, Any]

    @property
    def text(self) -> str:
        """What the model has written, or what the error says."""
        if "error" in self.body:
            return str(self.body["error"]["message"])
        return str(self.body["choices"][0]["message"]["content"])


def show(
    upstream: str, gateway: str, key: str | None = None, write: Callable[[str], object] = print
) -> None:
    """Ask each of MODELS directly and through the gateway, and write what came.

    Args:
        upstream: the URL of the demonstration upstream, without `/v1`.
        gateway: the URL of the gateway, without `/v1`.
        key: a client key of the gateway; None: it wants none.
        write: takes one block of text after the other.
    """
    write(f'The request: "{QUESTION}"')
    write("with a JSON Schema of four required fields: " + ", ".join(FIELDS) + ".\n")
    for number, model in enumerate(MODELS, 1):
        write(f"{number}. A model that {model.flaw}")
        write(directly(post(upstream, request(model.name))))
        write(through(post(gateway, request(model.name), key)))


def request(model: str) -> dict[str, Any]:
    """Return the body of the request, a chat completion with a schema."""
    form = {"name": "review", "strict": True, "schema": REVIEW}
    return {
        "model": model,
        "messages": [{"role": "user", "content": QUESTION}],
        "response_format": {"type": "json_schema", "json_schema": form},
    }


def post(url: str, body: dict[str, Any], key: str | None = None) -> ShownAnswer:
    """Send a chat completion; return the answer, an error included.

    Raises:
        OSError: there is no connection.
    """
    headers = {"content-type": "application/json"}
    if key is not None:
        headers["authorization"] = f"Bearer {key}"
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT)
    try:
        connection.request("POST", "/v1/chat/completions", write_json(body).encode(), headers)
        answer = connection.getresponse()
        return ShownAnswer(answer.status, parse_json(answer.read().decode()))
    finally:
        connection.close()


def directly(answer: ShownAnswer) -> str:
    """Return what to say of the upstream's own answer, with what is wrong about it."""
    lines = [f"   directly: {answer.status}", _quoted(answer.text)]
    if answer.status == http.client.OK:
        lines += [f"     wrong: {each}" for each in _faults(answer.text)]
    return "\n".join(lines)


def through(answer: ShownAnswer) -> str:
    """Return what to say of Strictgate's answer, with what was done for it."""
    told = answer.body.get("x_strictgate", {})
    lines = [f"   through Strictgate: {answer.status}", _quoted(answer.text)]
    if "error" in answer.body:
        lines.append(f"     error: {answer.body['error'].get('code')}, with the model's text in")
        lines.append("       failed_generation: an exception in your SDK, never a wrong document")
    lines += [f"     done: {each}" for each in _measures(told)]
    if "inspect" in told:
        lines.append(f"     look: {told['inspect']}")
    return "\n".join([*lines, ""])


def _quoted(text: str) -> str:
    lines = [part for line in text.splitlines() for part in wrap(line, WIDTH) or [""]]
    return indent("\n".join(lines), "     | ", lambda _: True)


def _faults(text: str) -> Iterator[str]:
    """Yield what keeps a text from being a valid document."""
    try:
        parse_json(text)
    except NotJSON as error:
        yield f"not JSON: {error.message} at character {error.position}"
    found = judge_text(text, admit(REVIEW, name="review"), Repair.LOSSLESS, wrapped=False)
    if isinstance(found, InvalidText):
        yield from (problem.sentence for problem in found.problems)


def _measures(told: dict[str, Any]) -> Iterator[str]:
    """Yield what `x_strictgate` says that was done, in words."""
    for refusal in told.get("refused", ()):
        yield f"`{refusal['mode']}` is refused by the host, so `{told['mode']}` was asked for"
    attempts = told.get("attempts", ())
    goings_on = sum(each.get("purpose") == "continuation" for each in attempts)
    if any(each.get("end") == "stopped" and each["outcome"] == "invalid" for each in attempts):
        yield "stopped at the first wrong byte"
    if goings_on:
        times = "once" if goings_on == 1 else f"{goings_on} times"
        yield f"asked to go on from the last good byte, {times}"
    asked = sum("purpose" not in each for each in attempts)
    if asked > 1:
        yield f"asked {asked} times in all, with what was wrong as feedback"
    repairs = [f"{each['step']} {each['path']}".rstrip() for each in told.get("repairs", ())]
    if repairs:
        yield "mended: " + ", ".join(repairs)
