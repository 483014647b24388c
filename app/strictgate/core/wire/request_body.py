"""A request's body: its bytes, and the JSON object in them, mostly parsed just once.

There are two readings. The lenient one is for looking at a request and for routing it: what is
passed on may be odd, and is the upstream's to refuse. The strict one is for what is enforced, as
readers disagree about which of two members of the same name counts.
"""

from typing import Any

from strictgate.core.errors import BadRequest
from strictgate.core.jsontext.reader import NotJSON, is_exact, parse_json, parse_leniently


class RequestBody:
    """The body of one request, which is bytes that should be a JSON object."""

    __slots__ = ("_is_looked_at", "_members", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._is_looked_at = False
        self._members: dict[str, Any] | None = None

    @property
    def members(self) -> dict[str, Any] | None:
        """The object, read leniently; None where the bytes are none."""
        if not self._is_looked_at:
            self._is_looked_at = True
            try:
                value = parse_leniently(self.raw)
            except (ValueError, RecursionError):
                value = None
            self._members = value if isinstance(value, dict) else None
        return self._members

    def look(self) -> dict[str, Any]:
        """Return the object, read leniently.

        Raises:
            BadRequest: there is none.
        """
        members = self.members
        return self.strict() if members is None else members

    def strict(self) -> dict[str, Any]:
        """Return the object, read strictly.

        Raises:
            BadRequest: there is none, or two members of one object have the same name.
        """
        members = self.members
        if members is not None and is_exact(self.raw, members):
            return members
        try:
            body = parse_json(self.raw.decode())
        except UnicodeDecodeError as error:
            raise _not_json("it is not UTF-8") from error
        except NotJSON as error:
            raise _not_json(f"{error.message} at character {error.position}") from error
        if not isinstance(body, dict):
            raise BadRequest("The request's body must be a JSON object.")
        return body


def _not_json(reason: str) -> BadRequest:
    return BadRequest(f"We could not parse the JSON body of your request: {reason}.")
