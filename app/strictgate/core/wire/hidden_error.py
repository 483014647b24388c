"""Errors inside a 200: how hosts say there that they failed, and which status they mean.

OpenRouter and many proxies send `{"error": …}`, MiniMax `base_resp` with a `status_code`,
Cloudflare `success: false` with `errors`, Zhipu `{"code": 1302, "msg": …}`, others `{"status":
"error"}`. An error of one choice stands in the choice, or is no more than its reason to finish.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from strictgate.core.errors import UpstreamError
from strictgate.core.wire.error_body import error_of

FAILED_REASONS = frozenset(
    {
        *("error", "failed", "internal_error", "server_error", "network_error", "abort"),
        "insufficient_system_resource",  # DeepSeek
    }
)
"""Reasons to finish that are no end of an answer, but a failure of the host."""
_BAD_GATEWAY = 502
_MEANT: Mapping[str, int] = {
    "invalid_api_key": 401,
    "authentication_error": 401,
    "unauthorized": 401,
    "permission_error": 403,
    "permission_denied": 403,
    "not_found_error": 404,
    "model_not_found": 404,
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "rate_limited": 429,
    "insufficient_quota": 429,
    "resource_exhausted": 429,
    "overloaded": 503,
    "overloaded_error": 503,
    "unavailable": 503,
    "service_unavailable": 503,
}
"""The statuses that are meant by what stands as the code, the type or the status of an error."""


def hidden_error(body: Mapping[str, Any]) -> bool:
    """Whether a body that came with status 200, and has no choices, is one of an error."""
    if body.get("choices"):
        return False
    base = body.get("base_resp")
    return (
        bool(body.get("error"))
        or body.get("success") is False
        or body.get("object") == "error"
        or body.get("status") in ("error", "failed")
        or (isinstance(base, Mapping) and bool(base.get("status_code")))
        or ("code" in body and ("msg" in body or "message" in body))
    )


def meant_status(error: Any) -> int:
    """Return the status that an error is meant as, by its own words; 502 where it does not say."""
    for word in _words(error):
        if word in _MEANT:
            return _MEANT[word]
        if word.isdecimal() and word.isascii() and 400 <= int(word[:9]) < 600:
            return int(word)
    return _BAD_GATEWAY


def _words(error: Any) -> Iterator[str]:
    if isinstance(error, Mapping):
        for key in ("status_code", "code", "type", "status"):
            value = error.get(key)
            if isinstance(value, str | int) and not isinstance(value, bool):
                yield str(value).strip().lower()


def error_of_choice(raw: Mapping[str, Any]) -> UpstreamError | None:
    """Return the error of the host that ended a choice; None where it came to an end of its own."""
    error, reason = raw.get("error"), raw.get("finish_reason")
    if not error and (not isinstance(reason, str) or reason.lower() not in FAILED_REASONS):
        return None
    if not error:
        error = {"message": f"The upstream broke its answer off, with finish_reason '{reason}'."}
    status = meant_status(error)
    return UpstreamError(status, error_of(status, {"error": error}), {})
