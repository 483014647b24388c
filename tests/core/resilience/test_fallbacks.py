"""Which errors are worth asking another model."""

import pytest

from strictgate.core.errors import (
    BadRequest,
    NotJudged,
    OutOfDescriptors,
    OutputInvalid,
    OutputTooComplex,
    Overloaded,
    ToolUseInvalid,
    UpstreamBadResponse,
    UpstreamError,
    UpstreamTimeout,
    UpstreamUnavailable,
    UpstreamUnreachable,
)
from strictgate.core.resilience.fallbacks import is_worth_another_model, reason_of

INVALID = OutputInvalid("m", failed_generation="t")


@pytest.mark.parametrize(
    ("error", "outcome", "is_worth_it"),
    [
        (INVALID, "invalid", True),
        (INVALID, "truncated", False),
        (ToolUseInvalid("m", failed_generation="t"), "not_json", True),
        (OutputTooComplex(1, failed_generation="t"), "too_complex", False),
        (NotJudged("m", failed_generation="t"), "unanswered", False),
        (UpstreamError(429, {"code": "rate_limit_exceeded"}, {}), "unanswered", True),
        (UpstreamError(400, {}, {}), "unanswered", True),
        (UpstreamUnreachable("m"), "unanswered", True),
        (UpstreamUnavailable("m"), "unanswered", True),
        (UpstreamBadResponse("m"), "unanswered", True),
        (UpstreamTimeout("m"), "unanswered", True),
        (BadRequest("m"), "unanswered", False),
        (Overloaded("m"), "unanswered", False),
        (OutOfDescriptors("m"), "unanswered", False),
    ],
)
def test_errors(error, outcome, is_worth_it):
    """What the model or its upstream is at fault for; not the caller, nor Strictgate itself."""
    assert is_worth_another_model(error, outcome) is is_worth_it


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (INVALID, "json_validate_failed"),
        (
            UpstreamError(429, {"code": "rate_limit_exceeded", "type": "requests"}, {}),
            "rate_limit_exceeded",
        ),
        (
            UpstreamError(401, {"code": None, "type": "invalid_request_error"}, {}),
            "invalid_request_error",
        ),
        (UpstreamError(503, {}, {}), "503"),
        (UpstreamError(400, {"code": "x" * 300}, {}), "x" * 100),
    ],
)
def test_reasons(error, reason):
    """Its code, else its type, else its status."""
    assert reason_of(error) == reason
