"""What is sent to put a contract to a model: a body, and what it is for."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any

from strictgate.core.capabilities import Mode
from strictgate.core.jsontext.pointer import Path
from strictgate.core.plan.sent_schema import SentSchema
from strictgate.core.schema.schema import Schema
from strictgate.core.value_type import value_type

Body = dict[str, Any]


class Purpose(StrEnum):
    """What an ask is for."""

    TRY = "try"
    """A whole document."""
    CONTINUATION = "continuation"
    """The rest of one."""
    QUESTION = "question"
    """Which of several values it was to be."""
    THOUGHT = "thought"
    """What the model thinks before it answers."""


@value_type
class Plan:
    """One way to put the contract to the model."""

    mode: Mode
    body: Body
    """The whole upstream request."""
    wrapped: bool
    """The model is asked for `{"value": <document>}`."""
    streamed: bool
    dropped: tuple[str, ...]
    """Fields of the caller's that the upstream would refuse, left out."""
    purpose: Purpose = Purpose.TRY
    base: str = ""
    """A path that takes the place of the base URL's, for this request."""
    schema: SentSchema | None = None
    """What the field of the mode holds; None: the mode has none."""
    functions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Where in the parameters of each function the keywords stand that its host is not told."""

    @property
    def has_nulls(self) -> bool:
        """Whether the model writes null for what is absent."""
        return self.schema is not None and self.schema.has_nulls


@value_type
class DocumentPart:
    """A part of a document that is asked for by itself; see splitting.py."""

    schema: Schema
    paths: tuple[Path, ...]
    """What is in it: each of these values, whole."""
