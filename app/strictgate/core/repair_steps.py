"""The steps from a model's text to a document, by name.

The names are stable: they stand in `x_strictgate` and in the metrics. Each belongs to the lowest
level of repair that takes the step; extraction belongs to every level.
"""

from collections.abc import Iterable
from enum import StrEnum

from strictgate.core.value_type import value_type


class Repair(StrEnum):
    """How much may be mended; each level includes those before it."""

    OFF = "off"
    SYNTAX = "syntax"
    LOSSLESS = "lossless"
    LENIENT = "lenient"

    def includes(self, level: "Repair") -> bool:
        return _LEVELS.index(self) >= _LEVELS.index(level)


_LEVELS = tuple(Repair)


@value_type
class Step:
    """One step taken."""

    name: str
    path: str = ""
    """Where in the document, as a JSON Pointer; empty for its root, and for steps on the text."""


StepCounts = tuple[tuple[str, int], ...]
"""How many steps of each name there were."""


class Extraction(StrEnum):
    """What was taken off around the document."""

    BLANKS = "blanks_removed"
    """A byte order mark, zero-width characters."""
    THINK = "think_removed"
    FENCE = "fence_removed"
    PROSE = "prose_removed"


class DialectStep(StrEnum):
    """What was asked for in a host's own dialect of JSON Schema, read back."""

    ABSENT = "null_for_absent"
    """A member that was null, which is how absence was to be written, left out."""


class SyntaxRepair(StrEnum):
    """Level `syntax`: the same document, spelt as JSON."""

    TRAILING_COMMA = "trailing_comma"
    EXTRA_COMMA = "extra_comma"
    """One where the next name of an object should stand."""
    DOUBLED_BRACE = "doubled_brace"
    """`{{"a": 1}}`, as templates escape braces."""
    MISSING_COMMA = "missing_comma"
    MISSING_COLON = "missing_colon"
    COMMENT = "comment"
    BLANK = "blank"
    """A blank that JSON does not know, such as a no-break space."""
    QUOTES = "quotes"
    UNESCAPED_QUOTE = "unescaped_quote"
    UNQUOTED_NAME = "unquoted_name"
    CONTROL_CHARACTER = "control_character"
    ESCAPE = "escape"
    LITERAL = "literal"
    """`True`, `None`, …"""
    NUMBER = "number"
    """`+1`, `.5`, `5.`"""


class LosslessRepair(StrEnum):
    """Level `lossless`: the same data in the type, or the spelling, that the schema wants."""

    STRING_TO_NUMBER = "string_to_number"
    STRING_TO_BOOLEAN = "string_to_boolean"
    STRING_TO_NULL = "string_to_null"
    STRING_TO_OBJECT = "string_to_object"
    STRING_TO_ARRAY = "string_to_array"
    NUMBER_TO_STRING = "number_to_string"
    NUMBER_TO_INTEGER = "number_to_integer"
    BOOLEAN_TO_STRING = "boolean_to_string"
    OPTION = "enum_value"
    NAME = "property_name"
    BRACKET = "early_bracket"
    """An object was closed before its last members, which came behind it."""


class LenientRepair(StrEnum):
    """Level `lenient`: what the schema forbids is left out, what it wants around is put around."""

    DROPPED = "property_dropped"
    WRAPPED = "wrapped_in_array"


class Completion(StrEnum):
    """Every level but `off`: what the schema leaves no choice about is written without asking."""

    FORCED = "forced"
    """There was one way to go on."""
    CLOSED = "inner_bracket"
    """The model had ended what is around an array, or an object, but not that itself."""
    NAMED = "required_name"
    """The model had ended an object that lacks required properties: the first was opened."""
    TOLD = "told_member"
    """It had ended an object, or an array, without what the request tells: that was opened."""


class Resumption(StrEnum):
    """How the model was brought to go on behind its valid prefix."""

    STEERED = "steered"
    """With the next of its own choices that was allowed, by its log-probabilities."""
    UNREPEATED = "repetition_left"
    """The same, where it repeated itself without end; all but the first round was taken back."""
    DECLARED = "declared_name"
    """The same, in the place of a name that the schema does not declare."""
    CHOSEN = "chosen"
    """By its answer to the question which of the allowed values it meant."""


class Rewriting(StrEnum):
    """What another model has done, where the first gave no valid document."""

    WRITTEN_DOWN = "written_down"
    """It has written down what the first one said."""


def distinct_steps(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Return the steps, each once; those on the spelling once for the whole document."""
    plain = (Step(step.name) if isinstance(step.name, SyntaxRepair) else step for step in steps)
    return tuple(dict.fromkeys(plain))
