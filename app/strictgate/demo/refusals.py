"""Requests that providers refuse, in their words; and replies that are no completions."""

from collections.abc import Callable, Iterator
from typing import Any

import orjson

from strictgate.core.jsontext.reader import write_json
from strictgate.demo.answer import intended_document
from strictgate.demo.chat_request import Channel, ChatRequest, refuse_bad_schema
from strictgate.demo.mistakes import COMMON_MISTAKES, Mistake, find_mistake, wrong_option
from strictgate.demo.render import CREATED, DONE
from strictgate.demo.reply import (
    EVENTS,
    DemoReply,
    groq_error,
    json_reply,
    openai_error,
    reply_with_body,
)

Refuse = Callable[[ChatRequest], DemoReply | None]
"""A function from a request to a refusal; None if the request is accepted."""

_JSON_MODES = ("json_schema", "json_object")
_HTML = b"<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body></body></html>\n"
_HTML_HEAD = ((b"content-type", b"text/html; charset=utf-8"),)
_KNOWN_FIELDS = {
    *("messages", "model", "metadata", "modalities", "store", "user", "safety_identifier"),
    *("response_format", "stream", "stream_options", "n", "stop", "seed", "service_tier"),
    *("max_completion_tokens", "max_tokens", "temperature", "top_p", "reasoning_effort"),
    *("frequency_penalty", "presence_penalty", "logit_bias", "logprobs", "top_logprobs"),
    *("tools", "tool_choice", "parallel_tool_calls", "functions", "function_call"),
    *("audio", "prediction", "prompt_cache_key", "verbosity", "web_search_options"),
}


def always(reply: DemoReply) -> Refuse:
    """Return the refusal that gives `reply` to every request."""
    return lambda request: reply


def no_json_schema(request: ChatRequest) -> DemoReply | None:
    """Refuse `json_schema`, as Groq does."""
    if request.format_type != "json_schema":
        return None
    return groq_error(
        "This model does not support response format `json_schema`. See supported models at "
        "https://console.groq.com/docs/structured-outputs#supported-models",
        param="response_format",
    )


def no_json_object(request: ChatRequest) -> DemoReply | None:
    """Refuse `json_object`, as LM Studio does."""
    if request.format_type != "json_object":
        return None
    return json_reply({"error": "'response_format.type' must be 'json_schema' or 'text'"}, 400)


def text_only(request: ChatRequest) -> DemoReply | None:
    """Refuse `response_format` and tools."""
    if request.format_type != "text":
        return openai_error(
            400, "response_format is not supported by this model.", param="response_format"
        )
    if request.body.get("tools"):
        return openai_error(400, "tools are not supported by this model.", param="tools")
    return None


def no_tools(request: ChatRequest) -> DemoReply | None:
    """Refuse tools, as Groq does."""
    if not request.body.get("tools"):
        return None
    return groq_error("`tool calling` is not supported with this model", param="tool calling")


def no_json_with_tools(request: ChatRequest) -> DemoReply | None:
    """Refuse a JSON mode together with tools, as Groq does."""
    if request.format_type in _JSON_MODES and request.body.get("tools"):
        return groq_error("json mode cannot be combined with tool/function calling")
    return None


def no_json_with_stream(request: ChatRequest) -> DemoReply | None:
    """Refuse a JSON mode together with `stream`, as Groq does."""
    if request.format_type in _JSON_MODES and request.is_streamed:
        return groq_error("response_format` does not support streaming")  # the backtick is theirs
    return None


def unavailable(request: ChatRequest) -> DemoReply | None:
    """Refuse `json_schema`, as DeepSeek does."""
    if request.format_type != "json_schema":
        return None
    message = "This response_format type is unavailable now"
    return openai_error(400, message, code="invalid_request_error")


def moonshot_dialect(request: ChatRequest) -> DemoReply | None:
    """Refuse schemas with `$schema` or `default`, as Moonshot does."""
    if request.channel is not Channel.NATIVE:
        return None
    with refuse_bad_schema():
        error = next(_moonshot_errors(request.schema, "root"), None)
    if error is None:
        return None
    return groq_error(
        "Invalid request: response_format.json_schema is not a valid moonshot flavored json "
        f"schema, details: <{error}>"
    )


def _moonshot_errors(schema: Any, path: str) -> Iterator[str]:
    """Yield what Moonshot says about a schema and its subschemas."""
    if not isinstance(schema, dict):
        return
    if "$schema" in schema:
        yield f"At path '{path}': unsupported keywords: $schema"
    if "default" in schema:
        yield f"At path '{path}': keyword 'default' is not allowed at the same level as type"
    for keyword in ("properties", "$defs", "definitions"):
        for name, subschema in (schema.get(keyword) or {}).items():
            yield from _moonshot_errors(subschema, f"{keyword}.{name}")
    for keyword in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for subschema in schema.get(keyword) or ():
            yield from _moonshot_errors(subschema, f"{path}.{keyword}")
    for keyword in ("items", "additionalProperties", "not"):
        yield from _moonshot_errors(schema.get(keyword), f"{path}.{keyword}")


def needs_json_word(request: ChatRequest) -> DemoReply | None:
    """Refuse `json_object` if no message mentions JSON, as OpenAI does."""
    if request.format_type != "json_object" or request.mentions("json"):
        return None
    return openai_error(
        400,
        "'messages' must contain the word 'json' in some form, to use 'response_format' of type "
        "'json_object'.",
        param="messages",
    )


def rejects_unknown(request: ChatRequest) -> DemoReply | None:
    """Refuse fields that OpenAI does not know, as Groq does."""
    for name in request.body:
        if name not in _KNOWN_FIELDS:
            return groq_error(f"property '{name}' is unsupported")
    return None


def one_choice(request: ChatRequest) -> DemoReply | None:
    """Refuse more than one choice, as Groq does."""
    return (
        groq_error("'n' : number must be at most 1", param="n")
        if request.choice_count != 1
        else None
    )


# --- an upstream that validates ----------------------------------------------------------------


def validates(request: ChatRequest) -> DemoReply | None:
    """Refuse the model's own invalid document, as Groq does where it knows the schema."""
    if request.channel in (Channel.TEXT, Channel.PROMPT):
        return None
    found = find_mistake(
        request.schema, intended_document(request), (wrong_option, *COMMON_MISTAKES)
    ) or Mistake("", "")
    text = write_json(found.value)
    if request.channel is Channel.TOOL:
        call = write_json({"name": request.forced_tool, "arguments": found.value})
        words = found.sentence.rpartition("validate with ")[2].partition(": ")[2]
        message = (
            f"parameters for tool {request.forced_tool} did not match schema: errors: [{words}]"
        )
        intro = "Tool call validation failed: tool call validation failed: "
        return groq_error(intro + message, code="tool_use_failed", failed_generation=call)
    message = (
        "Generated JSON does not match the expected schema. Please adjust your prompt. See "
        f"'failed_generation' for more details. Error: {found.sentence}"
    )
    return groq_error(message, code="json_validate_failed", failed_generation=text)


def validates_once(request: ChatRequest) -> DemoReply | None:
    """Refuse the first document only, and not the next ones."""
    return validates(request) if request.earlier_asks == 0 else None


def runs_out(request: ChatRequest) -> DemoReply | None:
    """Say that the token limit was reached before the document ended, as Groq does."""
    if request.format_type not in _JSON_MODES:
        return None
    return groq_error(
        "Failed to validate JSON. Please adjust your prompt. See 'failed_generation' for more "
        "details.",
        code="json_validate_failed",
        failed_generation="max completion tokens reached before generating a valid document",
    )


# --- replies that are no completions -----------------------------------------------------------


def no_choices(request: ChatRequest) -> DemoReply:
    """Return a completion without choices."""
    body = {
        "id": "chatcmpl-demo",
        "created": CREATED,
        "model": request.body["model"],
        "choices": [],
    }
    if not request.is_streamed:
        return json_reply({**body, "object": "chat.completion"})
    event = orjson.dumps({**body, "object": "chat.completion.chunk"})
    return DemoReply(200, EVENTS, [b"data: %b\n\n" % event, DONE], is_streamed=True)


HTML = reply_with_body(502, _HTML, _HTML_HEAD)
HTML_200 = reply_with_body(200, _HTML, _HTML_HEAD)
NOT_JSON = reply_with_body(200, b'{"id": "chatcmpl-demo", "choices": [junk')
EMPTY = reply_with_body(200, b"")
REDIRECT = reply_with_body(307, b"", ((b"location", b"/v1/echo"),))
SERVER_ERROR = openai_error(
    500, "The server had an error while processing your request. Sorry about that!",
    kind="server_error",
)  # fmt: skip
RATE_LIMIT = openai_error(
    429, "Rate limit reached for requests. Please try again in 1s.",
    kind="requests", code="rate_limit_exceeded", headers=((b"retry-after", b"1"),),
)  # fmt: skip
UNAUTHORIZED = openai_error(401, "Incorrect API key provided: demo.", code="invalid_api_key")
UNAVAILABLE = openai_error(
    503, "The engine is currently overloaded, please try again later.", kind="server_error"
)
