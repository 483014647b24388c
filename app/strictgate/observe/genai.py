"""What spans say, in the words of OpenTelemetry's semantic conventions for generative AI and HTTP.

https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/ (status: development, read
2026-11) and …/http/http-spans/. What they have no word for stands under `strictgate.`. Prompts and
answers are in no span.
"""

from collections.abc import Mapping

from strictgate.observe.events import RequestFinished, UpstreamAnswered
from strictgate.observe.summary import PASSTHROUGH

Attributes = Mapping[str, str | bool | int | float | tuple[str, ...]]
CHAT = "chat"


def request_name(done: RequestFinished) -> str:
    """Return the name of a request's span: method and path, which have no values in them where
    something is enforced."""
    return f"{done.method} {done.path}" if done.mode else done.method


def request_attributes(done: RequestFinished) -> Attributes:
    """Return the attributes of a request's span."""
    return _told(
        {
            "http.request.method": done.method,
            "url.path": done.path,
            "http.response.status_code": done.status,
            "error.type": done.error or "",
            "gen_ai.operation.name": CHAT if done.mode else "",
            "gen_ai.provider.name": done.upstream,
            "gen_ai.request.model": done.model,
            "gen_ai.request.stream": done.is_stream,
            "gen_ai.output.type": "json" if done.mode else "",
            "gen_ai.usage.input_tokens": done.tokens_in,
            "gen_ai.usage.output_tokens": done.tokens_out,
            "strictgate.request_id": done.request_id,
            "strictgate.key": done.key,
            "strictgate.mode": done.mode,
            "strictgate.outcome": done.outcome,
            "strictgate.attempts": done.attempts,
            "strictgate.continuations": done.continuations,
            "strictgate.repairs": done.repairs,
            "strictgate.tokens_in_vain": done.tokens_in_vain,
            "strictgate.cost": done.cost,
            "strictgate.client_left": done.client_left,
        }
    )


def call_name(call: UpstreamAnswered) -> str:
    """Return the name of the span of a request to an upstream."""
    if call.purpose == PASSTHROUGH:
        return PASSTHROUGH
    return f"{CHAT} {call.model}"


def call_attributes(call: UpstreamAnswered) -> Attributes:
    """Return the attributes of the span of a request to an upstream."""
    failed = str(call.status) if call.status >= 400 else ""
    return _told(
        {
            "gen_ai.operation.name": "" if call.purpose == PASSTHROUGH else CHAT,
            "gen_ai.provider.name": call.upstream,
            "gen_ai.request.model": call.model,
            "gen_ai.usage.input_tokens": call.tokens_in,
            "gen_ai.usage.output_tokens": call.tokens_out,
            "http.response.status_code": call.status,
            "error.type": call.error or failed,
            "strictgate.purpose": call.purpose,
            "strictgate.mode": call.mode,
            "strictgate.first_byte_seconds": call.first_byte,
            "strictgate.waited_seconds": call.waited,
        }
    )


def _told(attributes: Attributes) -> Attributes:
    """Return those that say something."""
    return {name: value for name, value in attributes.items() if value}
