"""What an upstream says when it answers with an error, whatever the shape of the body.

OpenAI's shape is `{"error": {"message", "type", "param", "code"}}`. Others send the object flat
(SGLang, Cerebras), `error` as text (LM Studio, TGI), an array of such bodies (Gemini), FastAPI's
`{"detail": …}`, one error inside another as text (OpenRouter's `metadata.raw`, most proxies), plain
text, a web page, or nothing; validators of web frameworks name a field and list what is wrong with
it (Django's `{"response_format": {"type": ["…"]}}`, ASP.NET's `errors`, Google's
`fieldViolations`). `error_of` gives OpenAI's shape for the client; `error_text` gives the words for
refusal.py to read. Neither raises, and neither looks at more than it needs: a body may have 32 MiB.
"""

import re
from collections.abc import Iterator, Mapping
from html import unescape
from itertools import islice
from typing import Any

import orjson

from strictgate.core.late_pattern import late_pattern
from strictgate.core.value_type import value_type

MAX_MESSAGE = 2048
"""Bytes of a message that is passed on."""
_MAX_READ = 4096  # characters of one text that are read for a diagnosis
_MAX_NESTED = 65_536  # characters of a text that is parsed as another body
_MAX_OTHER = 16_384  # bytes of any other member that is passed on
_MAX_DEPTH = 6
_MAX_LAYERS = 40
_SCALARS = ("param", "code")

_MESSAGES = (
    "message",
    "error_description",
    "msg",
    "detail",
    "details",
    "status_msg",
    "title",
    "reason",
    "error_message",
    "errorMessage",
    "Message",
    "description",
    "faultstring",
    "text",
)
_NESTED = (
    "error",
    "errors",
    "detail",
    "details",
    "issues",
    "cause",
    "metadata",
    "raw",
    "base_resp",
    *("innererror", "inner_error", "inner"),
    *("fieldViolations", "violations"),
    "response",
    "err",
    "fault",
    "body",
)
_FIELDS = late_pattern(
    r"(?:\$\.)?(?:response_format|tools?|tool_choice|functions?|stream_options|messages)\b"
)
"""The names of request fields that a validator uses as keys of what it found."""
_NO_JSON = "upstream_bad_response"
_ELEMENTS = (
    "html|head|body|title|meta|link|script|style|h[1-6]|p|div|span|center|hr|br|a|b|i|em|strong|"
    "u|img|pre|code|table|tr|t[dh]|[uo]l|li|font|iframe|svg|form|input|button|main|section"
)
_PAGE = late_pattern(r"\s*<(?:!doctype|html|head|body|\?xml)\b", re.IGNORECASE)
_TITLE = late_pattern(r"<(title|h1)\b[^<>]*>([^<>]{1,200})</\1>", re.IGNORECASE)
_TAG = late_pattern(rf"</?(?:{_ELEMENTS})\b[^<>]*>|<!--|-->|<!doctype[^<>]*>", re.IGNORECASE)


_INDENT = late_pattern(r"\n {2,}")
_ECHO = late_pattern(r"\[type=\w+, [^\n]*")  # pydantic's copy of the input
_HIDDEN = late_pattern(r"<(script|style)\b[^<>]*>.*?</\1>", re.IGNORECASE | re.DOTALL)


@value_type
class ErrorText:
    """The words of an error body, with those of the bodies inside it."""

    texts: tuple[str, ...] = ()
    params: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    failed_generation: str | None = None
    has_schema_path: bool = False
    """Groq and Fireworks say where in the schema the trouble is."""
    is_page: bool = False


def error_text(body: Any) -> ErrorText:
    """Return what `body` says."""
    layers = list(islice(_layers(body, _MAX_DEPTH), _MAX_LAYERS))
    members = [layer for layer in layers if isinstance(layer, Mapping)]
    texts = [text for layer in layers for text in _texts(layer)]
    failed = [each["failed_generation"] for each in members if "failed_generation" in each]
    return ErrorText(
        tuple(dict.fromkeys(_one_line(_without_html(text)) for text in texts)),
        tuple(str(each["param"]) for each in members if each.get("param")),
        tuple(str(each["code"]).lower() for each in members if each.get("code")),
        _as_text(failed[-1]) if failed else None,
        any("schema_path" in each or "schema_code" in each for each in members),
        any(_PAGE.match(text) for text in texts),
    )


def error_of(status: int, body: Any) -> dict[str, Any]:
    """Return the member `error` of OpenAI's error body for an upstream's.

    A body that has OpenAI's shape keeps its members and their order; what is missing comes last.
    What is no JSON, a web page for one, has a code that says so.
    """
    body = _parsed(body)
    if isinstance(body, str | bytes):
        return _shaped(status, body) | {"code": _NO_JSON}
    while isinstance(body, list) and body:
        body = _parsed(body[0])
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict) and isinstance(error.get("message"), str) and error["message"]:
        whole = {"type": _kind(status), "param": None, "code": None}
        missing = {key: value for key, value in whole.items() if key not in error}
        if not isinstance(error.get("type"), str | None):
            missing["type"] = whole["type"]
        return _capped(error | {"message": _clean(error["message"], status)} | missing)
    return _shaped(status, body)


def _kind(status: int) -> str:
    return "server_error" if status >= 500 else "invalid_request_error"


def _shaped(status: int, body: Any) -> dict[str, Any]:
    layers = islice(_layers(body, _MAX_DEPTH), _MAX_LAYERS)
    texts = [text for layer in layers for text in _texts(layer)]
    members = body if isinstance(body, Mapping) else {}
    inner = members.get("error")
    members = {key: value for key, value in members.items() if key != "error"}
    members |= inner if isinstance(inner, Mapping) else {}
    error: dict[str, Any] = {
        "message": _clean(texts[0] if texts else "", status),
        "type": members.get("type") if isinstance(members.get("type"), str) else _kind(status),
        "param": members.get("param"),
        "code": members.get("code"),
    }
    return _capped(error | {key: members[key] for key in members if key not in error})


def _layers(body: Any, depth: int) -> Iterator[Any]:
    """Yield `body` and the bodies inside it, outermost first."""
    body = _parsed(body)
    yield body
    if not depth:
        return
    if isinstance(body, list):
        inside = body[:10]
    elif isinstance(body, Mapping):
        inside = [_nested(body.get(key)) for key in (*_NESTED, "message")]
    else:
        inside = [_embedded(body)]
    for each in inside:
        if each is not None:
            yield from _layers(each, depth - 1)


def _nested(value: Any) -> Any:
    """Return the body that a member is, or holds as text; None where it is neither."""
    if isinstance(value, dict | list):
        return value
    parsed = _parsed(value)
    return parsed if parsed is not value else _embedded(value)


def _embedded(text: Any) -> Any:
    """Return the JSON object or array that stands among the words of `text`, if there is one.

    Proxies quote their upstream so: `Error from provider: 400 {"error": …}`, `b'{"error": …}'`.
    """
    if not isinstance(text, str) or len(text) > _MAX_NESTED:
        return None
    begins = min((at for at in (text.find('{"'), text.find("[{")) if at >= 0), default=-1)
    ends = max(text.rfind("}"), text.rfind("]"))
    if not 0 <= begins < ends:
        return None
    try:
        return orjson.loads(text[begins : ends + 1])
    except orjson.JSONDecodeError:
        return None


def _parsed(text: Any) -> Any:
    """Return the value if `text` is the text of a JSON object or array, else `text`."""
    if isinstance(text, bytes):
        text = text[: _MAX_NESTED + 1].decode(errors="replace")
    if not isinstance(text, str) or len(text) > _MAX_NESTED:
        return text
    if text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _texts(layer: Any) -> list[str]:
    if isinstance(layer, str):
        return [layer] if layer and not layer.isspace() else []
    if not isinstance(layer, Mapping):
        return []
    found = [layer.get(key) for key in (*_MESSAGES, "error", "raw")]
    texts = [text for text in found if isinstance(text, str) and _parsed(text) is text]
    texts = [text for text in texts if text and not text.isspace()]
    where = _place(layer)
    if where and not texts:
        texts = [f"invalid value: {layer.get('value', layer.get('input', ''))}"]
    return [f"{where}: {text}" if where else text for text in texts] + list(_of_fields(layer))


def _place(problem: Mapping[str, Any]) -> str:
    """Return where in the request one problem is, as validators say it."""
    where = problem.get("loc") or problem.get("path")  # pydantic's, and zod's
    if isinstance(where, list):
        return ".".join(map(str, where))
    field = problem.get("field") or problem.get("pointer")  # Google's, and RFC 9457's
    return field if isinstance(field, str) else ""


def _of_fields(layer: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is listed under the names of request fields."""
    for key, value in layer.items():
        if isinstance(key, str) and _FIELDS.match(key):
            inner = value if isinstance(value, Mapping) else {"": value}
            for member, problems in inner.items():
                where = f"{key}.{member}".rstrip(".").removeprefix("$.")
                listed = problems if isinstance(problems, list) else []
                yield from (f"{where}: {each}" for each in listed if isinstance(each, str))


def _one_line(text: str) -> str:
    """Return the beginning of `text` with pydantic's indented lines joined to what they explain."""
    return _ECHO.sub("", _INDENT.sub(": ", text[:_MAX_READ]))


def _without_html(text: str) -> str:
    """Return the words of a web page, each element's on a line of its own."""
    if not _PAGE.match(text):
        return text
    return unescape(_TAG.sub("\n", _HIDDEN.sub("", text[: 8 * _MAX_READ])))


def _as_text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return orjson.dumps(value).decode()


def _clean(message: str, status: int) -> str:
    """Return `message` without HTML and within its limit; never empty."""
    head = message[: 8 * MAX_MESSAGE]
    page = _PAGE.match(head)
    if page or _TAG.search(head):
        title = _TITLE.search(head)
        head = _TAG.sub(" ", title[2] if title and page else "" if page else head)
        head = " ".join(unescape(head).translate({60: None, 62: None}).split())
    if page and head:
        head = f"The upstream answered with a web page: {head}"
    if not head.strip():
        head = f"The upstream answered with status {status} and no message"
    return _cut(head)


def _cut(text: str) -> str:
    data = text.encode(errors="replace")
    if len(data) <= MAX_MESSAGE:
        return data.decode()
    return data[: MAX_MESSAGE - 3].decode(errors="ignore") + "…"


def _capped(error: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is too large to be passed on, but for the model's own text; what OpenAI's SDKs
    take for a scalar is one, or null."""
    kept = {key: value for key, value in error.items() if _fits(key, value)}
    odd = [key for key in _SCALARS if isinstance(kept.get(key), dict | list)]
    return kept | dict.fromkeys(odd)


def _fits(key: str, value: Any) -> bool:
    if key == "failed_generation" and isinstance(value, str):
        return True
    if isinstance(value, str):
        return len(value) <= _MAX_OTHER
    try:
        return len(orjson.dumps(value)) <= _MAX_OTHER
    except TypeError:  # a lone surrogate, an integer beyond 64 bits, over 254 levels
        return False
