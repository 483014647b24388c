"""Prefill: whether the model continues a last message of the assistant's.

Each host has its own way to ask for that, and one function here. No host continues under a JSON
mode: what it then writes begins at the root again, or is not defined.
"""

from collections.abc import Callable

from strictgate.demo.chat_request import Channel, ChatRequest
from strictgate.demo.reply import DemoReply, json_reply

PrefillReader = Callable[[ChatRequest], str]
"""A function that returns the prefix that a request wants continued; "" if there is none."""


def trailing(request: ChatRequest) -> str:
    """Continue the message if it is there, as Groq, Ollama, llama.cpp and OpenRouter do."""
    is_text = request.format_type == "text" and request.channel is not Channel.TOOL
    return request.prefill if is_text else ""


def partial(request: ChatRequest) -> str:
    """Continue a message with `"partial": true`, as Moonshot does."""
    return trailing(request) if request.messages[-1].get("partial") is True else ""


def prefix(request: ChatRequest) -> str:
    """Continue a message with `"prefix": true`, as Mistral does."""
    return trailing(request) if request.messages[-1].get("prefix") is True else ""


def beta(request: ChatRequest) -> str:
    """Continue a message with `"prefix": true` under `/beta`, as DeepSeek does."""
    return prefix(request) if request.is_beta else ""


def field(request: ChatRequest) -> str:
    """Continue the message if `continue_final_message` says so, as vLLM does."""
    return trailing(request) if request.body.get("continue_final_message") is True else ""


# --- refusals ----------------------------------------------------------------------------------


def _is_prefilled(request: ChatRequest) -> bool:
    return bool(request.messages[-1].get("role") == "assistant")


def not_while_thinking(request: ChatRequest) -> DemoReply | None:
    """Refuse as llama.cpp does for models that think, unless thinking is switched off."""
    options = request.body.get("chat_template_kwargs")
    thinks = not isinstance(options, dict) or options.get("enable_thinking") is not False
    if not (_is_prefilled(request) and thinks):
        return None
    message = "Assistant response prefill is incompatible with enable_thinking."
    return _llama_cpp_error(message)


def twice(request: ChatRequest) -> DemoReply | None:
    """Refuse two messages of the assistant's at the end, as llama.cpp does."""
    roles = [message.get("role") for message in request.messages[-2:]]
    if roles != ["assistant", "assistant"]:
        return None
    return _llama_cpp_error("Cannot have 2 or more assistant messages at the end of the list.")


def _llama_cpp_error(message: str) -> DemoReply:
    return json_reply(
        {"error": {"code": 400, "message": message, "type": "invalid_request_error"}}, 400
    )


def never(request: ChatRequest) -> DemoReply | None:
    """Refuse any prefix, as Anthropic does for its newest models."""
    if not _is_prefilled(request):
        return None
    message = (
        "This model does not support assistant message prefill. The conversation must end with a "
        "user message."
    )
    error = {"code": "invalid_request_error", "message": message}
    body = {"error": {**error, "type": "invalid_request_error", "param": None}}
    return json_reply(body, 400, ((b"x-should-retry", b"false"),))


def unmarked(request: ChatRequest) -> DemoReply | None:
    """Refuse a last message of the assistant's without `"prefix": true`, as Mistral does."""
    if not _is_prefilled(request) or request.messages[-1].get("prefix") is True:
        return None
    message = (
        "Expected last role User or Tool (or Assistant with prefix True) for serving but got "
        "assistant"
    )
    kind = "invalid_request_message_order"
    body = {"object": "error", "message": message, "type": kind, "param": None, "code": "3230"}
    return json_reply(body, 400)


def both_flags(request: ChatRequest) -> DemoReply | None:
    """Refuse `continue_final_message` unless `add_generation_prompt` is false, as vLLM does.

    The latter is true by default.
    """
    if request.body.get("continue_final_message") is not True:
        return None
    if request.body.get("add_generation_prompt") is False:
        return None
    message = "Cannot set both `continue_final_message` and `add_generation_prompt` to True."
    return json_reply({"error": {"message": message, "type": "BadRequestError", "param": None,
                           "code": 400}}, 400)  # fmt: skip
