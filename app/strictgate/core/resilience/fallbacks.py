"""Which errors are worth asking another model.

| what became of the first model                       | the next is asked                       |
|------------------------------------------------------|-----------------------------------------|
| its attempts are spent, and no document is valid     | yes, with what is good so far           |
| its answer was cut off by the caller's `max_tokens`  | no: the caller set the limit            |
| its answer could not be judged, or costs too much    | no: another one would cost as much      |
| its upstream refused, was over a limit, had an error | yes                                     |
| its upstream was down, silent, or spoke nonsense     | yes                                     |
| the request, or Strictgate itself, is at fault       | no                                      |
"""

from strictgate.core.errors import (
    GatewayError,
    NotJudged,
    NotJudgedNow,
    OutputInvalid,
    OutputTooComplex,
    UpstreamError,
    UpstreamFailure,
)


def is_worth_another_model(error: GatewayError, last_outcome: str) -> bool:
    """Whether another model may do what one has failed at with `error`.

    Args:
        last_outcome: of its last attempt, as the attempt log has it.
    """
    match error:
        case OutputTooComplex() | NotJudged() | NotJudgedNow():
            return False
        case OutputInvalid():
            return last_outcome != "truncated"
        case UpstreamError() | UpstreamFailure():
            return True
        case _:
            return False


def reason_of(error: GatewayError) -> str:
    """Return the code of `error`, or else its type, as the caller is told of it."""
    told = error.error()
    code = told.get("code") or told.get("type") or getattr(error, "status", 500)
    return str(code)[:100]
