"""What is new of one choice of an answer, while the answer is being written."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ChoiceDelta:
    """What the caller may have now of one choice, in a stream."""

    index: int
    delta: Mapping[str, Any]
    """As in a chat.completion.chunk: `content`, `reasoning_content`."""
    logprobs: tuple[Any, ...] = ()
    """The entries for the tokens of `content`."""
