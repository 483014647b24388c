"""Whether a last message of the assistant's is continued: each host has a way to ask for it.

A way is a function from a request to the text that is continued, "" for none. None of the hosts
continues under a JSON mode: what it then writes begins at the root again, or is not defined.
"""

from collections.abc import Callable

from strictgate.demo.chat_request import Channel, ChatRequest
from strictgate.demo.reply import DemoReply, json_reply

PrefillReader = Callable[[ChatRequest], str]


def trailing(request: ChatRequest) -> str:
    """Groq, Ollama, llama.cpp, OpenRouter: it needs to be there, no more."""
    speaks = request.format_type == "text" and request.channel is not Channel.TOOL
    return request.prefill if speaks else ""


def partial(request: ChatRequest) -> str:
    """Moonshot."""
    return trailing(request) if request.messages[-1].get("partial") is True else ""


def prefix(request: ChatRequest) -> str:
    """Mistral."""
    return trailing(request) if request.messages[-1].get("prefix") is True else ""


def beta(request: ChatRequest) -> str:
    """DeepSeek: at another address."""
    return prefix(request) if request.is_beta else ""


def field(request: ChatRequest) -> str:
    """vLLM."""
    return trailing(request) if request.body.get("continue_final_message") is True else ""


# --- refusals ----------------------------------------------------------------------------------


def _is_prefilled(request: ChatRequest) -> bool:
    return bool(request.messages[-1].get("role") == "assistant")


def not_while_thinking(request: ChatRequest) -> DemoReply | None:
    """llama.cpp's refusal, for models that think unless they are told not to."""
    options = request.body.get("chat_template_kwargs")
    thinks = not isinstance(options, dict) or options.get("enable_thinking") is not False
    if not (_is_prefilled(request) and thinks):
        return None
    message = "Assistant response prefill is incompatible with enable_thinking."
    return _llama(message)


def twice(request: ChatRequest) -> DemoReply | None:
    """llama.cpp's refusal of several messages to continue."""
    roles = [message.get("role") for message in request.messages[-2:]]
    if roles != ["assistant", "assistant"]:
        return None
    return _llama("Cannot have 2 or more assistant messages at the end of the list.")


def _llama(message: str) -> DemoReply:
    return json_reply(
        {"error": {"code": 400, "message": message, "type": "invalid_request_error"}}, 400
    )


def never(request: ChatRequest) -> DemoReply | None:
    """Anthropic's refusal, of its newest models."""
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
    """Mistral's refusal of a last message that is not marked."""
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
    """vLLM's refusal: `add_generation_prompt` is true unless it is said to be false."""
    if request.body.get("continue_final_message") is not True:
        return None
    if request.body.get("add_generation_prompt") is False:
        return None
    message = "Cannot set both `continue_final_message` and `add_generation_prompt` to True."
    return json_reply({"error": {"message": message, "type": "BadRequestError", "param": None,
                           "code": 400}}, 400)  # fmt: skip
