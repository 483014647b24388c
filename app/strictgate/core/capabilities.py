"""What one model on one upstream can do. Differences between providers are values of this type."""

from enum import StrEnum
from typing import Annotated

from annotated_types import Interval, MinLen

from strictgate.core.value_type import value_type


class Mode(StrEnum):
    """How the schema reaches the model, best first."""

    NATIVE = "native"
    """`response_format` of type `json_schema`."""
    JSON_OBJECT = "json_object"
    """`response_format` of type `json_object`, and the schema in the prompt."""
    TOOL = "tool"
    """A forced function call whose parameters are the schema."""
    PROMPT = "prompt"
    """Nothing but the schema in the prompt."""

    @property
    def yields_objects_only(self) -> bool:
        """Whether a root that is not an object must be wrapped for this mode."""
        return self is not Mode.PROMPT


LADDER = (Mode.NATIVE, Mode.JSON_OBJECT, Mode.TOOL, Mode.PROMPT)


class Prefill(StrEnum):
    """How the upstream is asked to continue a partial assistant message."""

    NONE = "none"
    TRAILING = "trailing"
    """A last message with role `assistant` is continued."""
    PARTIAL = "partial"
    """… marked `"partial": true` (Moonshot)."""
    PREFIX = "prefix"
    """… marked `"prefix": true` (Mistral, DeepSeek's beta)."""
    CONTINUE_FINAL = "continue_final_message"
    """… with that request field (vLLM, SGLang)."""


class MaxTokens(StrEnum):
    """Which name of the token budget the upstream takes."""

    EITHER = "either"
    OLD = "max_tokens"
    NEW = "max_completion_tokens"


class ForcedTool(StrEnum):
    """How a call of one function can be forced through `tool_choice`."""

    NAMED = "named"
    REQUIRED = "required"
    AUTO = "auto"
    """Not at all: asked for in the prompt."""


class OptionalField(StrEnum):
    """A part of a request that can be left out, or put otherwise, for an upstream that refuses it.

    What it asks for is then kept here, or it was added here; what only keeps books is left out with
    a note to the caller. core/plan/optional_fields.py says how each is done without.
    """

    STREAM = "stream"
    STREAM_WITH_TOOLS = "stream_with_tools"
    STREAM_OPTIONS = "stream_options"
    SEVERAL_CHOICES = "n"
    LOGPROBS = "logprobs"
    STRICT = "strict"
    """`strict` in functions and in `json_schema`."""
    DEVELOPER_ROLE = "developer"
    ALLOWED_TOOLS = "allowed_tools"
    """`tool_choice` with a list of functions."""
    NAMED_TOOL = "named_tool"
    """`tool_choice` with the name of one function."""
    REQUIRED_TOOL = "required_tool"
    """`tool_choice: "required"`."""
    TOOL_CHOICE = "tool_choice"
    """`tool_choice: "auto"` or `"none"`."""
    PARALLEL_TOOL_CALLS = "parallel_tool_calls"
    MAX_TOKENS = "max_tokens"
    MAX_COMPLETION_TOKENS = "max_completion_tokens"
    REASONING_CONTENT = "reasoning_content"
    """In messages of the assistant."""
    REASONING_EFFORT = "reasoning_effort"
    VERBOSITY = "verbosity"
    STORE = "store"
    METADATA = "metadata"
    USER = "user"
    SAFETY_IDENTIFIER = "safety_identifier"
    PROMPT_CACHE_KEY = "prompt_cache_key"
    PROMPT_CACHE_RETENTION = "prompt_cache_retention"
    SERVICE_TIER = "service_tier"


@value_type
class Capabilities:
    """One model on one upstream; the defaults are what OpenAI's own API does."""

    modes: Annotated[tuple[Mode, ...], MinLen(1)] = LADDER
    dialect: str = ""
    """What its native mode takes of JSON Schema: a name of core/schema/dialects.toml; "": all."""
    refused_keywords: tuple[str, ...] = ()
    """Keywords of schemas that it has refused by their names."""
    plain_modes: tuple[Mode, ...] = ()
    """Modes in which it has refused this schema, and is asked in the plainest dialect."""
    native_needs_prompt: bool = False
    """Put the schema into the prompt in native mode too."""
    prompt_first: bool = False
    """Its models' free answers under guard are right more often than what its grammar lets them
    write; where they go on from a prefix, mode `prompt` comes first, and `native` is the last try.
    """
    think_first: bool = False
    """Its models' documents are right more often where they were thought about in a call before."""
    json_with_tools: bool = True
    """JSON mode and native mode go together with tools."""
    json_with_stream: bool = True
    """JSON mode and native mode go together with `stream: true`."""
    several_choices: bool = True
    """`n` may be more than 1."""
    stream_usage: bool = True
    """`stream_options.include_usage` is known."""
    forced_tool: ForcedTool = ForcedTool.NAMED
    max_tokens: MaxTokens = MaxTokens.EITHER
    tools: bool = True
    """Functions can be called; where not, they are described in the prompt (prompted_tools.py)."""
    custom_tools: bool = True
    """Custom tools can be called; where not, functions stand for them (request/custom_tools.py)."""
    responses: bool = False
    """It has the Responses API, too."""
    prefill: Prefill = Prefill.NONE
    prefill_base: str = ""
    """The path that takes the place of the base URL's for continuations (DeepSeek: `/beta`)."""
    prefill_with_native: bool = False
    """A prefix goes together with native mode: its grammar reads the prefix, and holds the rest."""
    top_logprobs: Annotated[int, Interval(ge=0, le=100)] = 0
    """How many alternatives of each token may be asked for with a text; 0: none."""
    drop: tuple[str, ...] = ()
    """Request fields that the upstream refuses and that only keep books: left out, and said so."""
    drop_in_messages: tuple[str, ...] = ()
    """The same for fields of a message."""
    without: tuple[OptionalField, ...] = ()
    """Parts of a request that the upstream refuses, and that are done without."""

    @property
    def limits_schemas(self) -> bool:
        """Whether there is something of JSON Schema that it is known not to take."""
        return bool(self.dialect or self.refused_keywords or self.plain_modes)


class Fact(StrEnum):
    """What can be found out about a model while it is used, beyond what its preset says.

    A fact may have details, given here as [detail].
    """

    NO_MODE = "no_mode"
    """A mode [mode] is refused, or its promise is broken."""
    NO_MODE_FOR_SCHEMA = "no_mode_for_schema"
    """A mode does not take one schema, whose dialect is refused [mode, text of the schema]."""
    NO_KEYWORD = "no_keyword"
    """A keyword of schemas is refused [keyword]."""
    PLAIN_FOR_SCHEMA = "plain_for_schema"
    """A mode takes one schema in the plainest dialect only [mode, text of the schema]."""
    NO_PREFILL = "no_prefill"
    """Prefixes are refused, or the model begins anew instead of going on from them."""
    CONTINUES = "continues"
    """The model goes on from prefixes."""
    NO_FIELD = "no_field"
    """A part of a request is refused that can be done without [OptionalField]."""
    NO_JSON_WITH_TOOLS = "no_json_with_tools"
    """The format is refused beside tools."""
    NO_JSON_WITH_STREAM = "no_json_with_stream"
    """The format is refused in a stream."""
    NO_TOOLS = "no_tools"
    """Tools are refused."""
    NO_CUSTOM_TOOLS = "no_custom_tools"
    """Custom tools are refused."""
    NO_TOOLS_FOR_SCHEMA = "no_tools_for_schema"
    """The schema of a function is refused [text of the schema]; without details, of any."""
