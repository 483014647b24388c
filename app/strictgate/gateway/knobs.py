"""The knobs of one request: `extra_body={"strictgate": {"max_attempts": 1, ...}}`.

A knob is a field of `RequestOptions`, and may be what the field's type says. The key is removed
before anything is sent on.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from strictgate.core.errors import BadRequest
from strictgate.core.request.options import KNOBS_KEY, Enforcement, RequestOptions
from strictgate.upstream.field_readers import field_readers

NOT_KNOBS = {"prompt_template", "capability_ttl", "native_failures"}
"""What the configuration alone says."""
KNOBS = {
    name: reader for name, reader in field_readers(RequestOptions).items() if name not in NOT_KNOBS
}


def with_overrides(base: Enforcement, knobs: Any) -> RequestOptions:
    """Return `base` with what the request's `knobs` say instead.

    Args:
        base: the configuration, or the options of a request without knobs.
        knobs: the value under KNOBS_KEY; None: there are none.

    Raises:
        BadRequest: naming the knob and what it may be.
    """
    if knobs is None and isinstance(base, RequestOptions):
        return base
    options = {field.name: getattr(base, field.name) for field in fields(base)}
    if isinstance(knobs, Mapping):
        options |= {name: _value(name, value) for name, value in knobs.items()}
    elif knobs is not None:
        raise BadRequest(f"'{KNOBS_KEY}' must be an object of knobs.", param=KNOBS_KEY)
    return RequestOptions(**options)


def _value(name: str, value: Any) -> Any:
    param = f"{KNOBS_KEY}.{name[:100]}"
    if name not in KNOBS:
        raise BadRequest(
            f"Unknown parameter: '{param}'. Known knobs are: {', '.join(sorted(KNOBS))}.",
            param=param,
            code="unknown_parameter",
        )
    try:
        return KNOBS[name](value)
    except ValueError as error:
        raise BadRequest(
            f"Invalid value for '{param}': {error}.", param=param, code="invalid_value"
        ) from error
