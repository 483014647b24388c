"""Changes of the message that carries the text: it reasons, stops early, refuses, or repeats."""

from dataclasses import replace

from strictgate.demo.answer import Message
from strictgate.demo.chat_request import ChatRequest
from strictgate.demo.spellings import PROSE_ANSWER

_THOUGHT = "The user wants a document for the schema. I go through its properties in order."


def ignores(message: Message, request: ChatRequest) -> Message:
    """Answer in prose, whatever was asked for."""
    return Message(PROSE_ANSWER)


def only_reasoning(message: Message, request: ChatRequest) -> Message:
    """Put the content into the field for reasoning."""
    return message if message.tool else replace(message, text="", reasoning=message.text)


def reasons(message: Message, request: ChatRequest) -> Message:
    """Add reasoning in its own field."""
    return replace(message, reasoning=_THOUGHT)


def truncates(message: Message, request: ChatRequest) -> Message:
    """Stop in the middle, as at the token limit."""
    text = message.text or ""
    return replace(message, text=text[: len(text) // 2], finish_reason="length")


def refuses(message: Message, request: ChatRequest) -> Message:
    """Refuse, in the field for it."""
    return Message(None, refusal="I'm sorry, I can't help with that.")


def filtered(message: Message, request: ChatRequest) -> Message:
    """Stop in the middle, as a content filter does."""
    return replace(truncates(message, request), finish_reason="content_filter")


def echoes(message: Message, request: ChatRequest) -> Message:
    """Repeat the prefix before its continuation, as llama.cpp's server does."""
    return replace(message, echo=message.continued_prefix)
