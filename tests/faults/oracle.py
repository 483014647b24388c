"""The verdict on one answer: what came of a request, and what is wrong with it, if anything.

Allowed are (a) a document that an independent validator accepts, with the nonce of this request;
(b) an error in OpenAI's shape, with a code that this fault may have; (c) a stream with exactly one
terminal event, which is (a) or (b) put together. Never another request's nonce, an invalid 200, a
bare 500, or an answer that is cut without saying so.

A timeout is no fault where the answer did take as long as that: the upstream and the clients share
a process, and the machine may be busy. One that comes early is.

A `null` that OpenAPI's `nullable` allows is valid, by design: see `documents.py`.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.faults.documents import KINDS, NONCE, is_valid
from tests.faults.gateway import FIRST_BYTE, made_key
from tests.faults.http_client import Answer, post
from tests.faults.kinds.fault import BAD, INVALID, OK, PASSED_ON, TIMEOUT, UNREACHABLE
from tests.faults.kinds.table import FAULTS
from tests.faults.upstream import Token

ALWAYS = 1000
"""Times of a fault that never ends."""
OURS = {BAD, INVALID, TIMEOUT, UNREACHABLE, "overloaded", "internal_error", "tool_use_failed"}
KEY = re.compile(r"[cu]key7[g-v]{20}")
_TERMINAL = {"response.completed", "response.failed", "response.incomplete", "error"}


@dataclass(frozen=True, slots=True)
class Case:
    """One request."""

    fault: str
    token: Token
    surface: str
    """`chat` or `responses`."""
    is_stream: bool
    is_enforced: bool
    """Whether it carries a schema; else it is passed through."""
    goes_on: bool
    """Whether its upstream is one whose models go on from a prefix."""

    @property
    def path(self) -> str:
        return "/v1/responses" if self.surface == "responses" else "/v1/chat/completions"

    @property
    def key(self) -> str:
        """The client's own, which goes to the upstream that has none."""
        return made_key("c", self.token.nonce)

    @property
    def request(self) -> bytes:
        """All of the request."""
        return post(self.path, self.body, f"authorization: Bearer {self.key}")

    @property
    def body(self) -> bytes:
        """The request's JSON."""
        model = f"on/{self.fault}" if self.goes_on else self.fault
        prompt = f"Write JSON. {self.token}"
        body: dict[str, Any] = {"model": model, "stream": self.is_stream}
        wanted = {"name": "wanted", "schema": dict(KINDS[self.token.kind].schema)}
        if self.surface == "responses":
            body["input"] = prompt
            wanted_here: dict[str, Any] = {"text": {"format": {"type": "json_schema", **wanted}}}
        else:
            body["messages"] = [{"role": "user", "content": prompt}]
            wanted_here = {"response_format": {"type": "json_schema", "json_schema": wanted}}
        return json.dumps(body | (wanted_here if self.is_enforced else {})).encode()


class Complaint(Exception):
    """The answer is not one that may be."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What an answer says, whatever its surface."""

    text: str = ""
    error: Any = None
    reason: str = "stop"


def outcome(case: Case, answer: Answer) -> str:
    """Return what came of a request: `OK`, `PASSED_ON` or an error's code.

    Raises:
        Complaint: it is not allowed.
    """
    strangers = set(NONCE.findall(answer.body.decode("utf-8", "replace"))) - {case.token.nonce}
    _demand(not strangers, f"another request's answer: {strangers}")
    _demand(answer.status != 0, "no answer")
    _check_keys(case, answer)
    if not case.is_enforced:
        return _passed_through(case, answer)
    _demand(answer.is_whole, "an enforced answer that is cut")
    found = _judged(case, _said(case, answer))
    allowed = _allowed(case) | ({TIMEOUT} if answer.seconds >= FIRST_BYTE else set())
    _demand(found in allowed, f"came to {found}, and may come to {', '.join(sorted(allowed))}")
    return found


def _check_keys(case: Case, answer: Answer) -> None:
    """No key is in an answer, but a client's own in its upstream's words; nor is it in ours."""
    said = " ".join(answer.headers.values()) + answer.body.decode("utf-8", "replace")
    keys = set(KEY.findall(said)) - {case.key}
    _demand(not keys, f"another's key: {keys}")
    ours = [part.partition("\n")[0] for part in said.split('"x_strictgate"')[1:]]
    _demand(not any(KEY.search(each) for each in ours), "a key in x_strictgate")


def _allowed(case: Case) -> frozenset[str]:
    """Return what may come of a case.

    A model that goes on from a prefix may write nonsense into a string, where it is no nonsense.
    """
    may = FAULTS[case.fault].may
    is_mended = case.token.times < ALWAYS or (case.goes_on and INVALID in may)
    return may | {OK} if is_mended else may


def _passed_through(case: Case, answer: Answer) -> str:
    """What carries no schema is given back unread; it must not be cut and seem whole."""
    if answer.status >= 400:
        _demand(answer.is_whole, "an error that is cut")
        return _code(_loaded(answer.body).get("error"))
    if not answer.is_whole:
        return "cut"
    is_stream = answer.headers.get("content-type", "").startswith("text/event-stream")
    if is_stream and b'"error"' in answer.body[-2000:]:
        return "error frame"
    _demand(not FAULTS[case.fault].is_cut or _has_end(answer), "cut, and seems whole")
    return "passed through"


def _has_end(answer: Answer) -> bool:
    """Whether the answer came to an end of its own although its connection did not."""
    if b"[DONE]" in answer.body or b'"finish_reason": "stop"' in answer.body:
        return True
    return b"response.completed" in answer.body


def _judged(case: Case, said: _Said) -> str:
    if said.error is not None:
        return _code(said.error)
    if said.reason == "content_filter":
        return "filtered"
    try:
        document = json.loads(said.text, parse_constant=_refuse)
    except ValueError as error:
        raise Complaint(f"a 200 that is not JSON: {said.text[:200]!r}") from error
    _demand(is_valid(case.token.kind, document), f"an invalid 200: {said.text[:200]!r}")
    is_nonsense = case.goes_on and case.token.times >= ALWAYS  # see _allowed
    _demand(is_nonsense or case.token.nonce in said.text, "a document without its nonce")
    return OK


def _refuse(name: str) -> None:
    raise ValueError(name)


def _code(error: Any) -> str:
    """Return an error's code where it is one of ours; check its shape."""
    _demand(isinstance(error, dict), f"an error of no shape: {error!r}")
    _demand(isinstance(error.get("message"), str) and error["message"], "an error without words")
    code = error.get("code")
    _demand(isinstance(code, str | int | None), f"a code of no shape: {code!r}")
    _demand(code != "internal_error", f"a bare 500: {error['message']}")
    return code if code in OURS else PASSED_ON


def _said(case: Case, answer: Answer) -> _Said:
    if answer.status != 200:
        _demand(400 <= answer.status < 600, f"status {answer.status}")
        return _Said(error=_loaded(answer.body).get("error") or "none")
    if case.is_stream:
        events = list(_events(answer.body))
        return _said_in_events(events) if case.surface == "responses" else _said_in_chunks(events)
    body = _loaded(answer.body)
    return _said_in_response(body) if case.surface == "responses" else _said_in_completion(body)


def _loaded(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError as error:
        raise Complaint(f"not JSON: {body[:100]!r}") from error
    _demand(isinstance(value, dict), "JSON that is no object")
    return value


def _events(body: bytes) -> Iterator[str]:
    """Yield the data of the events of a stream."""
    _demand(body.endswith(b"\n\n"), "a stream that ends within an event")
    for block in body.decode().replace("\r\n", "\n").split("\n\n"):
        lines = [line[5:].lstrip(" ") for line in block.split("\n") if line.startswith("data:")]
        if lines:
            yield "\n".join(lines)


def _said_in_completion(body: dict[str, Any]) -> _Said:
    (choice,) = body["choices"]
    message = choice["message"]
    return _Said(message.get("content") or "", reason=choice["finish_reason"])


def _said_in_chunks(events: list[str]) -> _Said:
    _demand(events.count("[DONE]") == 1 and events[-1] == "[DONE]", "not one [DONE] at its end")
    text, reasons = "", []
    for each in map(json.loads, events[:-1]):
        if "error" in each:
            _demand(not reasons, "an error behind the end of a choice")
            return _Said(error=each["error"])
        for choice in each["choices"]:
            text += choice["delta"].get("content") or ""
            reasons += [choice["finish_reason"]] if choice.get("finish_reason") else []
    _demand(len(reasons) == 1, f"not one reason to finish: {reasons}")
    return _Said(text, reason=reasons[0])


def _said_in_response(body: dict[str, Any]) -> _Said:
    if body.get("error"):
        return _Said(error=body["error"])
    if body["status"] == "incomplete":
        return _Said(reason=body["incomplete_details"]["reason"])
    parts = [part for item in body["output"] for part in item.get("content") or ()]
    texts = [part["text"] for part in parts if part["type"] == "output_text"]
    _demand(len(texts) < 2, "a document in several messages")
    return _Said("".join(texts))


def _said_in_events(events: list[str]) -> _Said:
    values = [json.loads(each) for each in events]
    kinds = [each["type"] for each in values]
    ends = [kind for kind in kinds if kind in _TERMINAL]
    _demand(len(ends) == 1 and kinds[-1] == ends[0], f"not one terminal event at its end: {ends}")
    last = values[-1]
    return _Said(error=last) if last["type"] == "error" else _said_in_response(last["response"])


def _demand(is_right: Any, complaint: str) -> None:
    if not is_right:
        raise Complaint(complaint)
