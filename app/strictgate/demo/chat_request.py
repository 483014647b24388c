"""A chat completion request, parsed once.

The schema is found wherever it may stand: in a `response_format` of type `json_schema`, in the
parameters of a forced tool, in the prompt between `<json_schema>` and `</json_schema>`, or beside
the type `json_object`.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import orjson

from strictgate.core.plan import prompt

_SCHEMA_BLOCK = re.compile(r"<json_schema>(.*?)</json_schema>", re.DOTALL)
_MAX_EXAMPLE_TRIES = 50
"""Opening braces in a text at which a JSON object is looked for."""
CHARACTERS_PER_TOKEN = 4
"""The length of a token, by which all token counts of the demonstration are estimated."""
ANY_OBJECT: dict[str, Any] = {"type": "object"}


class Channel(StrEnum):
    """The way in which the request asks for JSON."""

    NATIVE = "native"
    TOOL = "tool"
    PROMPT = "prompt"
    JSON_OBJECT = "json_object"
    TEXT = "text"
    """The request does not ask for JSON."""


class MalformedRequest(ValueError):
    """The request is not valid; `param` names the part that is wrong."""

    def __init__(self, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param


@contextmanager
def refuse_bad_schema() -> Iterator[None]:
    """Turn errors of a `with` block that reads a schema into a refusal of the request.

    The functions that make documents do not check the schema first, and fail in any way on a
    keyword whose value no schema may have.

    Raises:
        MalformedRequest: the block has failed.
    """
    try:
        yield
    except (TypeError, ValueError, AttributeError, LookupError, RecursionError) as error:
        message = "Invalid schema. Please ensure it is a valid JSON Schema."
        raise MalformedRequest(message, "response_format") from error


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One request for a chat completion."""

    body: dict[str, Any]
    channel: Channel
    schema: Any
    """The schema; ANY_OBJECT if JSON is asked for without one, and None for text."""
    schema_json: bytes | None
    """The schema as JSON, as a key for caches; None if the request has none."""
    forced_tool: str | None
    """The function that must be called."""
    choice_count: int
    max_characters: int | None
    """The longest answer, in characters; None is without limit."""
    byte_count: int
    """The size of the request, in bytes."""
    is_beta: bool = False
    """Whether it came under `/beta`, DeepSeek's address for new features."""

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages, without what is no JSON object."""
        return [each for each in self.body["messages"] if isinstance(each, dict)]

    @property
    def is_streamed(self) -> bool:
        return self.body.get("stream") is True

    @property
    def wants_usage(self) -> bool:
        """Whether a stream must end with the usage."""
        options = self.body.get("stream_options")
        return isinstance(options, dict) and options.get("include_usage") is True

    @property
    def format_type(self) -> str:
        """The type of the `response_format`."""
        found = self.body.get("response_format")
        return str(found.get("type", "text")) if isinstance(found, dict) else "text"

    @property
    def prefill(self) -> str:
        """The text of the last message, if it is the assistant's: it may want a continuation."""
        last = self.messages[-1]
        return _text(last) if last.get("role") == "assistant" else ""

    @property
    def top_logprobs(self) -> int | None:
        """The number of alternatives to each token; None if no log-probabilities are wanted."""
        wanted = self.body.get("top_logprobs") or 0
        if self.body.get("logprobs") is not True:
            return None
        return wanted if isinstance(wanted, int) else 0

    @property
    def first_user_text(self) -> str:
        """The user's first message, which is the same in all requests about one document."""
        return next((_text(each) for each in self.messages if each.get("role") == "user"), "")

    @property
    def has_feedback(self) -> bool:
        """Whether the user speaks for a second time, which means that the model was corrected."""
        roles = [message.get("role") for message in self.messages]
        return roles.count("user") > 1

    @property
    def earlier_asks(self) -> int:
        """How often the model has answered before: the pairs of answer and reply at the end.

        A last message of the assistant's counts as an answer, too.
        """
        roles = [str(message.get("role")) for message in self.messages]
        count = int(roles[-1] == "assistant")
        while len(roles) >= 2 and roles[-1] in ("user", "tool"):
            reply = len(roles) - 1
            while roles[reply] == "tool" and roles[reply - 1] == "tool" and reply:
                reply -= 1  # the results of several calls are one reply
            if not reply or roles[reply - 1] != "assistant":
                break
            count += 1
            roles = roles[: reply - 1]
        return count

    def mentions(self, word: str) -> bool:
        """Whether a message contains `word`, in capitals or not."""
        return any(word in _text(message).lower() for message in self.messages)

    def example_object(self) -> dict[str, Any] | None:
        """Return the first JSON object in the messages to the model; None if there is none."""
        for message in self.messages:
            if message.get("role") != "assistant":
                for found in _json_objects(_text(message)):
                    return found
        return None


def parse_chat_request(raw: bytes, *, is_beta: bool = False) -> ChatRequest:
    """Parse the body of a request.

    Args:
        raw: the body.
        is_beta: whether it came under `/beta`.

    Raises:
        MalformedRequest: it is not JSON, or not a request.
    """
    body = _body(raw)
    _check_tools(body)
    channel, schema, schema_json, tool = _wanted(body)
    count = 1 if body.get("n") is None else body["n"]
    if not isinstance(count, int) or not 1 <= count <= 128:
        raise MalformedRequest("Invalid 'n': integer between 1 and 128 expected.", "n")
    if body.get("top_logprobs") and body.get("logprobs") is not True:
        raise MalformedRequest(
            "'logprobs' must be set to true to use 'top_logprobs'.", "top_logprobs"
        )
    return ChatRequest(
        body, channel, schema, schema_json, tool, count, _max_characters(body), len(raw), is_beta
    )


def _body(raw: bytes) -> dict[str, Any]:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise MalformedRequest(
            "We could not parse the JSON body of your request. (HINT: This likely means you aren't "
            "using your HTTP library correctly. The OpenAI API expects a JSON payload, but what "
            f"was sent was not valid JSON: {error})"
        ) from error
    if not isinstance(body, dict):
        raise MalformedRequest("Invalid type for the request: expected an object.")
    if not isinstance(body.get("model"), str):
        raise MalformedRequest("you must provide a model parameter", "model")
    messages = body.get("messages")
    if not isinstance(messages, list) or not any(isinstance(each, dict) for each in messages):
        raise MalformedRequest("Missing required parameter: 'messages'.", "messages")
    return body


def _check_tools(body: dict[str, Any]) -> None:
    """Refuse custom tools, in the words of a host that has functions alone."""
    tools = body.get("tools")
    for at, tool in enumerate(tools if isinstance(tools, list) else ()):
        if isinstance(tool, dict) and tool.get("type") == "custom":
            raise MalformedRequest(
                "Invalid value: 'custom'. Supported values are: 'function'.", f"tools[{at}].type"
            )


def _max_characters(body: dict[str, Any]) -> int | None:
    for name in ("max_completion_tokens", "max_tokens"):
        tokens = body.get(name)
        if tokens is not None:
            if not isinstance(tokens, int) or tokens < 1:
                raise MalformedRequest(f"Invalid '{name}': integer above 0 expected.", name)
            return tokens * CHARACTERS_PER_TOKEN
    return None


_Wanted = tuple[Channel, Any, bytes | None, str | None]
"""The fields `channel`, `schema`, `schema_json` and `forced_tool` of a ChatRequest."""


def _wanted(body: dict[str, Any]) -> _Wanted:
    wanted = body.get("response_format")
    wanted = wanted if isinstance(wanted, dict) else {}
    tool = _forced_tool(body)
    if tool is not None:
        name, parameters = tool
        if parameters == ANY_OBJECT:
            return Channel.TOOL, *_any_object(body["messages"]), name
        return Channel.TOOL, parameters, orjson.dumps(parameters), name
    if wanted.get("type") == "json_schema":
        native = wanted.get("json_schema")
        if not isinstance(native, dict) or "schema" not in native:
            param = "response_format.json_schema.schema"
            raise MalformedRequest(f"Missing required parameter: '{param}'.", param)
        return Channel.NATIVE, native["schema"], orjson.dumps(native["schema"]), None
    return _prompted(body, wanted)


def _prompted(body: dict[str, Any], wanted: dict[str, Any]) -> _Wanted:
    """Return what is wanted by a request without a native schema and without a forced tool."""
    channel = Channel.JSON_OBJECT if wanted.get("type") == "json_object" else Channel.PROMPT
    block = _schema_block(body["messages"])
    if block is not None:
        return channel, *_parsed(block), None
    if channel is Channel.JSON_OBJECT and isinstance(wanted.get("schema"), dict):
        return channel, wanted["schema"], orjson.dumps(wanted["schema"]), None
    if channel is Channel.JSON_OBJECT or _asks_for_any_object(body["messages"]):
        return channel, *_any_object(body["messages"]), None
    return Channel.TEXT, None, None, None


def _asks_for_any_object(messages: list[Any]) -> bool:
    return any(prompt.ANY_OBJECT in _text(each) for each in messages if isinstance(each, dict))


def _any_object(messages: list[Any]) -> tuple[Any, bytes | None]:
    """Return the schema that the user's own words contain, as a value and as JSON."""
    described = _described_schema(messages)
    return (described, orjson.dumps(described)) if described else (ANY_OBJECT, None)


def _forced_tool(body: dict[str, Any]) -> tuple[str, Any] | None:
    """Return the name and the parameters of the function that must be called, if there is one."""
    tools = body.get("tools")
    functions = [
        tool["function"]
        for tool in (tools if isinstance(tools, list) else ())
        if isinstance(tool, dict) and isinstance(tool.get("function"), dict)
    ]
    choice = body.get("tool_choice")
    if isinstance(choice, dict):
        name = (choice.get("function") or {}).get("name")
        functions = [each for each in functions if each.get("name") == name]
        if not functions:
            raise MalformedRequest(
                f"Tool choice '{name}' not found in 'tools' parameter.", "tool_choice"
            )
    elif choice != "required" and not (
        functions and choice in (None, "auto") and _wants_call(body)
    ):
        return None
    if not functions:
        raise MalformedRequest(
            "'tool_choice' is only allowed when 'tools' are specified.", "tool_choice"
        )
    return str(functions[0].get("name")), functions[0].get("parameters") or ANY_OBJECT


CALLS = "calls"
"""The behaviour of a model that calls a function where it may."""


def _wants_call(body: dict[str, Any]) -> bool:
    """Whether the model calls a function without being forced to: once, unless that failed."""
    last = body["messages"][-1]
    is_result = isinstance(last, dict) and last.get("role") == "tool"
    is_done = is_result and not _text(last).startswith("Error")
    return CALLS in body["model"].rpartition("/")[2].split("+") and not is_done


def _schema_block(messages: list[Any]) -> str | None:
    """Return the text of the last schema in the prompt; None if there is none."""
    for message in reversed(messages):
        if isinstance(message, dict) and message.get("role") in ("system", "developer", "user"):
            text = _text(message)
            found = _SCHEMA_BLOCK.findall(text) if "<json_schema>" in text else None
            if found and _parsed(found[-1])[1] is not None:
                return str(found[-1])
    return None


def _described_schema(messages: list[Any]) -> dict[str, Any] | None:
    """Return a schema that a message contains, as people write it for JSON mode."""
    for message in messages:
        if isinstance(message, dict) and message.get("role") != "assistant":
            for found in _json_objects(_text(message)):
                if found.get("type") == "object" and isinstance(found.get("properties"), dict):
                    return found
    return None


@lru_cache(256)
def _parsed(text: str) -> tuple[Any, bytes | None]:
    """Return the schema in a text, as a value and as JSON; None twice if it is not JSON."""
    try:
        schema = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None, None
    return schema, orjson.dumps(schema)


def _text(message: dict[str, Any]) -> str:
    """Return the text of a message, whose content may be a list of parts."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else ()
    return "".join(str(part.get("text") or "") for part in parts if isinstance(part, dict))


def _json_objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects in a text that are not empty."""
    start = -1
    for _ in range(_MAX_EXAMPLE_TRIES):
        start = text.find("{", start + 1)
        if start < 0:
            return
        try:
            value, _ = json.JSONDecoder().raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) and value:
            yield value
