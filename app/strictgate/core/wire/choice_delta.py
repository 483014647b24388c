"""What is new of one choice of an answer, while the answer is being written."""

from collections.abc import Mapping
from typing import Any

from strictgate.core.value_type import value_type


@value_type
class CallPiece:
    """A piece of the input of a custom tool, in the first call of a choice."""

    id: str
    """Of the call."""
    name: str
    """Of the tool, as the upstream knows it."""
    text: str


@value_type
class ChoiceDelta:
    """What the caller may have now of one choice, in a stream."""

    index: int
    delta: Mapping[str, Any]
    """As in a chat.completion.chunk: `content`, `reasoning_content`."""
    logprobs: tuple[Any, ...] = ()
    """The entries for the tokens of `content`."""
    call: CallPiece | None = None
    """What stands behind the texts."""
