"""A request's body, read as strict JSON."""

from typing import Any

from strictgate.core.errors import BadRequest
from strictgate.core.jsontext.reader import NotJSON, parse_json


def strictly_read(raw: bytes) -> dict[str, Any]:
    """Return the object in `raw`.

    Raises:
        BadRequest: there is none; duplicate names are none, as it is not said which one counts.
    """
    try:
        body = parse_json(raw.decode())
    except UnicodeDecodeError as error:
        raise not_json("it is not UTF-8") from error
    except NotJSON as error:
        raise not_json(f"{error.message} at character {error.position}") from error
    if not isinstance(body, dict):
        raise BadRequest("The request's body must be a JSON object.")
    return body


def not_json(reason: str) -> BadRequest:
    """Return the answer to a body that is not JSON."""
    return BadRequest(f"We could not parse the JSON body of your request: {reason}.")
