"""`[upstreams.NAME]` and `[models.NAME]`: whom requests are sent to, and what is pinned of them."""

from dataclasses import replace

from pydantic import Field

from strictgate.core.capabilities import Capabilities, Prefill
from strictgate.settings.fields import DialectName, Frozen, Modes, Names, ProxyUrl, TopLogprobs, Url


class Pins(Frozen):
    """What the configuration says of models in place of their preset, or of what is learned."""

    modes: Modes | None = Field(
        default=None, description="The modes of its models, in the order of trying."
    )
    dialect: DialectName | None = Field(
        default=None,
        description="What their native mode takes of JSON Schema, by the name of a dialect; "
        '"": all.',
    )
    prompt_first: bool | None = Field(
        default=None,
        description="Whether the free answer under guard is asked for first, where its models go "
        "on from a prefix, and its own grammar last.",
    )
    think_first: bool | None = Field(
        default=None,
        description='Whether `think = "auto"` has its models think before they write a document.',
    )
    tools: bool | None = Field(
        default=None,
        description="Whether its models call functions; where not, tools go into the prompt.",
    )
    responses: bool | None = Field(
        default=None, description="Whether it has /responses itself, which then takes what it can."
    )
    prefill: Prefill | None = Field(
        default=None, description="How its models are asked to go on from a prefix."
    )
    top_logprobs: TopLogprobs | None = Field(
        default=None, description="Alternatives of each token that may be asked for; 0: none."
    )

    def applied_to(self, capabilities: Capabilities) -> Capabilities:
        """Return `capabilities` with what is pinned here."""
        if self.modes is not None:  # they are in the order of trying
            capabilities = replace(capabilities, prompt_first=False)
        pinned = {name: getattr(self, name) for name in Pins.model_fields}
        return replace(capabilities, **{k: v for k, v in pinned.items() if v is not None})


class Upstream(Pins):
    """`[upstreams.NAME]`: one OpenAI-compatible server."""

    preset: str | None = Field(
        default=None,
        description="The provider whose quirks to expect; without it that is found out at start.",
    )
    base_url: Url | None = Field(default=None, description="Its API's; it usually ends in /v1.")
    api_key_env: str | None = Field(
        default=None,
        description="The variable that holds its key; without it the client's own "
        "Authorization header goes upstream.",
    )
    timeout: float = Field(default=120.0, gt=0, description="Seconds for a whole request.")
    connect_timeout: float = Field(default=10.0, gt=0, description="Seconds to connect.")
    first_byte_timeout: float = Field(
        default=120.0, gt=0, description="Seconds until the answer begins."
    )
    idle_timeout: float = Field(
        default=60.0, gt=0, description="Seconds between two pieces of an answer."
    )
    retries: int = Field(
        default=2,
        ge=0,
        le=10,
        description="Times that an enforced request is made again after a failure that may pass.",
    )
    max_retry_after: float = Field(
        default=60.0,
        ge=0,
        description="Seconds that its Retry-After is waited for at most before that; where it asks "
        "for more, the error is given to the client at once.",
    )
    breaker_failures: int = Field(
        default=10,
        ge=0,
        description="Failures in a row after which it is not asked for a while; 0: never.",
    )
    breaker_cooldown: float = Field(
        default=5.0, gt=0, description="Seconds until it is tried again then."
    )
    proxy: ProxyUrl | None = Field(
        default=None,
        description="HTTP proxy, http://NAME:PASSWORD@HOST:PORT where it wants a password; proxy "
        "variables of the environment are ignored.",
    )


class Model(Pins):
    """`[models.NAME]`: a model's name that clients may use."""

    upstream: str = Field(description="The upstream that serves it.")
    model: str | None = Field(default=None, description="What the upstream calls it.")
    fallbacks: Names = Field(
        default=(),
        description="Other names of [models] that are asked, in this order, where it fails at an "
        "enforced request; then theirs.",
    )
    repair_model: str | None = Field(
        default=None,
        description="Another name of [models], which may write down what the last text said, where "
        "no model gave a valid document.",
    )
