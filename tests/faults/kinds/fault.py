"""One kind of fault: what the upstream sends, and what may come of it."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.reply import Asked, Steps

OK = "ok"
"""A valid document with the right nonce, or a whole stream of one."""
BAD = "upstream_bad_response"
INVALID = "json_validate_failed"
TIMEOUT = "upstream_timeout"
UNREACHABLE = "upstream_unreachable"
PASSED_ON = "passed_on"
"""The upstream's own error, in OpenAI's shape, with a status of 400 or more."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A row of the table."""

    send: Callable[[Asked], Steps]
    may: frozenset[str]
    """What may come of it where the upstream does so every time: `OK`, `PASSED_ON`, or the codes of
    errors. Where it does so once, the answer may always be `OK` as well."""
    is_cut: bool = False
    """Whether the answer lacks its end, so that even what is passed through must not end well."""


def fault(send: Callable[[Asked], Steps], *may: str, is_cut: bool = False) -> Fault:
    """Return a row."""
    return Fault(send, frozenset(may), is_cut)
