"""How hard to try: the settings of one conversation, each said here once.

A field's type says what it may be, its default what it is, its docstring what it does. The table
[enforcement] of the configuration is `Enforcement` (settings/loading.py); a request may turn
most of its fields, and those of `RequestOptions`, with its knobs (gateway/knobs.py).
"""

from enum import StrEnum
from typing import Annotated

from annotated_types import Ge, Interval, MinLen

from strictgate.core.capabilities import Mode
from strictgate.core.repair_steps import Repair
from strictgate.core.schema.formats import Formats
from strictgate.core.value_type import value_type

KNOBS_KEY = "strictgate"
"""The field of a request's body that holds its knobs."""
PROMPT_TEMPLATE = """\
Answer with one JSON document and nothing else: no words before or after it, no code fence.
The JSON document must be valid against this JSON Schema:
<json_schema>
{schema}
</json_schema>"""


class StreamMode(StrEnum):
    AUTO = "auto"
    GUARDED = "guarded"
    BUFFERED = "buffered"


class StrictRules(StrEnum):
    ENFORCE = "enforce"
    OFF = "off"


class ToolEnforcement(StrEnum):
    """Whose arguments are enforced."""

    STRICT = "strict"
    """Of functions with `strict: true`."""
    ALL = "all"


class Steering(StrEnum):
    """Whether to use the log-probabilities of tokens, where the upstream gives them."""

    AUTO = "auto"
    """As `NAMES` where the free answer comes first (`Capabilities.prompt_first`), for which it was
    measured, else as `REFUSED`."""
    REFUSED = "refused"
    """The model's next choice takes the place of what is not allowed."""
    NAMES = "names"
    """The same, and a declared name that the model weighed takes the place of one that the schema
    does not declare but allows, where that is nearly always a mistake
    (guard/undeclared_name.py)."""
    OFF = "off"

    def leads_names(self, *, prompt_first: bool) -> bool:
        """Whether undeclared names are replaced, at an upstream of that kind."""
        return self is Steering.NAMES or (self is Steering.AUTO and prompt_first)


class Prefer(StrEnum):
    """What decides on the order of the modes, where an upstream has several that work."""

    RIGHT = "right"
    """In which one documents come out right most often, as far as that was measured."""
    NATIVE = "native"
    """The upstream's own enforcement first."""
    CHEAP = "cheap"
    """The same, without the schema in the prompt where the upstream's grammar is sure to hold."""


class Split(StrEnum):
    """Whether a document of very many fields is asked for in parts."""

    OFF = "off"
    AUTO = "auto"


class Provenance(StrEnum):
    """How much `x_strictgate` tells of whom a document is from."""

    OFF = "off"
    COUNTS = "counts"
    """How many bytes are the model's own, forced, chosen, mended, where not all are its own."""
    PATHS = "paths"
    """Also of each value; and, with log-probabilities, how sure the model was of its own."""


class Think(StrEnum):
    """Whether a model thinks freely before it writes its document."""

    OFF = "off"
    AUTO = "auto"
    """Where documents were measured to come out right more often so."""
    ALWAYS = "always"


@value_type
class Enforcement:
    """What the configuration says in its table [enforcement]."""

    max_attempts: Annotated[int, Interval(ge=1, le=10)] = 3
    """Full tries per choice, the first included."""
    max_continuations: Annotated[int, Interval(ge=0, le=64)] = 16
    """Times in a request that the model may be brought to go on from what is good."""
    repair: Repair = Repair.LOSSLESS
    """What may be mended in an answer."""
    stream: StreamMode = StreamMode.AUTO
    """How streams are checked."""
    strict_rules: StrictRules = StrictRules.ENFORCE
    """OpenAI's rules for schemas with `"strict": true`."""
    formats: Formats = Formats.ASSERT
    """Whether `format` is asserted or only annotates."""
    steering: Steering = Steering.AUTO
    """Whether to use the log-probabilities of tokens, where an upstream has them."""
    told_members: Annotated[int, Interval(ge=0, le=16)] = 3
    """Members whose value the request tells that a valid document lacks: how many are opened."""
    tools: ToolEnforcement = ToolEnforcement.STRICT
    """Whose arguments are enforced: of functions with `strict: true`, or of all."""
    prefer: Prefer = Prefer.RIGHT
    """What decides on the order of the modes, where nothing pins them."""
    split: Split = Split.OFF
    """Whether a document with more than `split_fields` fields is asked for in parts."""
    split_fields: Annotated[int, Ge(1)] = 100
    """Fields that a part has at most."""
    provenance: Provenance = Provenance.COUNTS
    """How much is told of whom a document is from."""
    think: Think = Think.OFF
    """Whether the model is asked for its thoughts first; shown as `reasoning_content`."""
    token_budget: Annotated[int, Ge(0)] = 0
    """Tokens of all attempts together after which no attempt is added; 0: no limit."""
    prompt_template: str = PROMPT_TEMPLATE
    """The instructions that carry the schema into the prompt; `{schema}` stands for it."""
    capability_ttl: Annotated[float, Ge(0)] = 86_400.0
    """Seconds for which what was learned about a model is remembered."""
    native_failures: Annotated[int, Ge(1)] = 3
    """Native answers in a row that break the schema before a model is demoted."""


@value_type
class RequestOptions(Enforcement):
    """What holds for one request: the configuration, and what its knobs say instead."""

    modes: Annotated[tuple[Mode, ...], MinLen(1)] = ()
    """Pins the modes, in the order of trying; empty: as known and learned."""
