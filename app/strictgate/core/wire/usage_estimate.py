"""About how many tokens an answer took of which its host tells nothing, for limits alone."""

from collections.abc import Mapping
from typing import Any

from strictgate.core.jsontext.reader import write_json
from strictgate.core.wire.usage import token_count

BYTES_A_TOKEN = 4
"""Of text, about, in the vocabularies of most models."""
_PROMPTS = ("messages", "input", "prompt", "system", "instructions")
"""Where the APIs have what a model is to read."""
_TEXTS = ("content", "text", "reasoning_content", "reasoning", "refusal")


def untold_tokens(
    usage: Mapping[str, Any] | None, request: Mapping[str, Any], answer: Mapping[str, Any]
) -> tuple[int, int]:
    """Return about how many tokens were read and written of which a usage says nothing.

    It is an estimate by the bytes of texts, for limits alone; what is told counts 0 here. Pictures
    and sounds count nothing, as their size says nothing of their tokens.

    Args:
        request: the chat completion that was asked for.
        answer: what came, as far as it did.
    """
    tokens_in = tokens_out = 0
    if not token_count(usage, "prompt_tokens", "input_tokens"):
        beside = (request.get("tools"), request.get("response_format"))
        size = sum(map(_text_bytes, request.get("messages") or ()))
        size += sum(len(write_json(each)) for each in beside if each)
        tokens_in = -(-size // BYTES_A_TOKEN)
    if not token_count(usage, "completion_tokens", "output_tokens"):
        messages = (each.get("message") for each in answer.get("choices") or ())
        tokens_out = -(-sum(map(_text_bytes, messages)) // BYTES_A_TOKEN)
    return tokens_in, tokens_out


def prompt_tokens(request: Mapping[str, Any]) -> int:
    """Return about how many tokens are in the prompt of a request of any API, as `untold_tokens`
    counts them."""
    texts = [request.get(name) for name in _PROMPTS]
    return untold_tokens(None, {**request, "messages": texts}, {})[0]


def _text_bytes(value: Any) -> int:
    """Return how many bytes of text are in a message, or in a part of one."""
    match value:
        case str():
            ascii_only = value.isascii()  # known without a look at the text
            return len(value) if ascii_only else len(value.encode("utf-8", "surrogatepass"))
        case list():
            return sum(map(_text_bytes, value))
        case Mapping():
            kept = (value.get(name) for name in _TEXTS)
            calls = value.get("tool_calls")
            return sum(map(_text_bytes, kept)) + (len(write_json(calls)) if calls else 0)
        case _:
            return 0
