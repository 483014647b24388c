"""Everything that Strictgate can answer with instead of a completion.

One exception type carries OpenAI's error body; the client's surface (core/surfaces) renders it.

* GatewayError              500  never raised itself, but by the door for a bug
  + BadRequest              400  the caller's request cannot be honoured
  + SchemaTooComplex        400  the schema is over a limit
  + Unauthorized            401  a client key is missing or wrong
  + ModelForbidden          403  a client key that is not for this model
  + OriginRefused           403  a web page that may not call
  + HostRefused             421  a Host that is not ours
  + NotFound                404  no such route, model
  + MethodNotAllowed        405
  + RequestTimeout          408  the request did not arrive in time
  + BodyTooLarge            413
  + UnsupportedMediaType    415
  + OutputInvalid           400  the model gave no valid document (Groq's json_validate_failed)
    + ToolUseInvalid        400  … or called no function as it should (Groq's tool_use_failed)
    + OutputTooComplex      400  … or one that takes more work to judge than a request may cost
    + NotJudged             500  what it gave could not be judged within the limits
    + NotJudgedNow          503  … or not now: too many others wait for that
  + RateLimited             429  a client key that has used up what it may
  + Overloaded              503
    + OutOfDescriptors      503  this process may open no more files or connections
  + LoopDetected            508  the request has come back to where it was
  + StoreUnavailable        503  the kept responses cannot be read
  + UpstreamError           as the upstream answered
    + ToolsRefused          as the upstream answered: its model calls no functions
  + UpstreamFailure         500  never raised itself: no whole answer from the upstream
    + UpstreamUnreachable   502  no connection
    + UpstreamUnavailable   503  it has failed repeatedly, and is not asked for a moment
    + UpstreamBadResponse   502  not what an OpenAI-compatible server may say
    + UpstreamTimeout       504

Shape and words: https://platform.openai.com/docs/guides/error-codes and, for
`json_validate_failed`, Groq's, whose keys come in the order message, type, code,
failed_generation, with absent ones left out.
"""

from collections.abc import Mapping
from typing import Any


class GatewayError(Exception):
    """An answer that is an error, raised anywhere and rendered once by the client's surface."""

    status = 500
    type = "server_error"
    code: str | None = "internal_error"
    details: Mapping[str, Any] | None = None
    """What stands beside the error as `x_strictgate`: the attempts, what they used."""

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code or self.code
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """Return the JSON body: `{"error": {…}}`, and the details where there are some."""
        return {"error": self.error()} | ({"x_strictgate": self.details} if self.details else {})

    def error(self) -> dict[str, Any]:
        """Return the error as it stands in the body."""
        return {
            "message": self.message,
            "type": self.type,
            "param": self.param,
            "code": self.code,
        }


class BadRequest(GatewayError):
    status, type = 400, "invalid_request_error"
    code: str | None = None


class SchemaTooComplex(BadRequest):
    code = "schema_too_complex"


class Unauthorized(GatewayError):
    status, type, code = 401, "invalid_request_error", "invalid_api_key"


class OriginRefused(GatewayError):
    status, type, code = 403, "invalid_request_error", "origin_not_allowed"


class ModelForbidden(GatewayError):
    """As OpenAI says it of a project that may not use a model."""

    status, type, code = 403, "invalid_request_error", "model_not_found"


class HostRefused(GatewayError):
    status, type, code = 421, "invalid_request_error", "host_not_allowed"


class NotFound(GatewayError):
    status, type, code = 404, "invalid_request_error", None


class MethodNotAllowed(GatewayError):
    status, type, code = 405, "invalid_request_error", "method_not_allowed"


class RequestTimeout(GatewayError):
    status, type, code = 408, "invalid_request_error", "request_timeout"


class BodyTooLarge(GatewayError):
    status, type, code = 413, "invalid_request_error", "request_too_large"


class UnsupportedMediaType(GatewayError):
    status, type, code = 415, "invalid_request_error", "unsupported_media_type"


class RateLimited(GatewayError):
    """Its `type` is what is limited."""

    status, code = 429, "rate_limit_exceeded"

    def __init__(
        self,
        message: str,
        *,
        type: str = "requests",
        code: str | None = None,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, code=code, param=param, headers=headers)
        self.type = type


class Overloaded(GatewayError):
    status, type, code = 503, "server_error", "overloaded"


class OutOfDescriptors(Overloaded):
    """Of this process: the upstream has nothing to do with it."""


class LoopDetected(GatewayError):
    status, type, code = 508, "server_error", "upstream_loop"


class StoreUnavailable(GatewayError):
    status, type, code = 503, "server_error", "store_unavailable"


class UpstreamFailure(GatewayError):
    """No whole answer came from the upstream; never raised itself."""


class UpstreamUnreachable(UpstreamFailure):
    status, type, code = 502, "server_error", "upstream_unreachable"


class UpstreamUnavailable(UpstreamFailure):
    status, type, code = 503, "server_error", "upstream_unavailable"


class UpstreamBadResponse(UpstreamFailure):
    status, type, code = 502, "server_error", "upstream_bad_response"


class UpstreamTimeout(UpstreamFailure):
    status, type, code = 504, "server_error", "upstream_timeout"


class UpstreamError(GatewayError):
    """The upstream's own refusal, passed on with its status and its words."""

    def __init__(self, status: int, error: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        super().__init__(str(error.get("message") or ""), headers=headers)
        self.status = status
        self._error = dict(error)

    def error(self) -> dict[str, Any]:
        return self._error


class ToolsRefused(UpstreamError):
    """The upstream's own refusal of tools as such, or of what some functions take."""

    def __init__(
        self,
        status: int,
        error: Mapping[str, Any],
        headers: Mapping[str, str],
        functions: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(status, error, headers)
        self.functions = functions
        """The functions whose schemas are refused; none: it is tools as such."""


class CustomToolsRefused(ToolsRefused):
    """The upstream's own refusal of custom tools, beside which it may have functions."""


class OutputInvalid(GatewayError):
    """The model gave no valid document; its text is in `failed_generation`."""

    status, type, code = 400, "invalid_request_error", "json_validate_failed"

    def __init__(
        self,
        message: str,
        *,
        failed_generation: str,
        details: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, headers={"x-should-retry": "false"} | dict(headers or {}))
        self.failed_generation = failed_generation
        self.details = details

    def error(self) -> dict[str, Any]:
        return {
            "message": self.message,
            "type": self.type,
            "code": self.code,
            "failed_generation": self.failed_generation,
        }


class OutputTooComplex(OutputInvalid):
    """To judge what the model wrote would take more work than one request may cost."""

    code = "output_too_complex"

    def __init__(self, budget: int, *, failed_generation: str) -> None:
        super().__init__(
            f"To validate the model's answer takes more than {budget} units of work, the limit of "
            "one request (limits.work). See 'failed_generation' for the answer. Raise limits.work "
            "in Strictgate's configuration, or ask for less with a simpler schema.",
            failed_generation=failed_generation,
        )


class NotJudged(OutputInvalid):
    """Judging the model's text took too long, or too much memory; whether it is valid is open."""

    status, type, code = 500, "server_error", "not_judged"


class NotJudgedNow(OutputInvalid):
    """Too many texts wait to be judged; this one is given back as it is, and may come again."""

    status, type, code = 503, "server_error", "overloaded"


class ToolUseInvalid(OutputInvalid):
    """The model called no function as it should; what it wrote is in `failed_generation`."""

    code = "tool_use_failed"
