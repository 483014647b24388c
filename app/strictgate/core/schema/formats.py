"""The values of `format` that are asserted, in every draft alike.

The validator knows each format in the drafts that define it. Documents use formats whatever draft
they declare, so the newest draft's check is also used for older drafts. Names that are not in
`FORMAT_SINCE` are annotations.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum

from jsonschema_rs import Draft202012Validator

from strictgate.core.schema.drafts import Draft


class Formats(StrEnum):
    """Whether a wrong `format` makes a value invalid."""

    ASSERT = "assert"
    ANNOTATE = "annotate"


FORMAT_SINCE: dict[str, Draft] = {
    "date": Draft.DRAFT_4,
    "date-time": Draft.DRAFT_4,
    "duration": Draft.DRAFT_2019_09,
    "email": Draft.DRAFT_4,
    "hostname": Draft.DRAFT_4,
    "idn-email": Draft.DRAFT_4,
    "idn-hostname": Draft.DRAFT_7,
    "ipv4": Draft.DRAFT_4,
    "ipv6": Draft.DRAFT_4,
    "iri": Draft.DRAFT_7,
    "iri-reference": Draft.DRAFT_7,
    "json-pointer": Draft.DRAFT_6,
    "regex": Draft.DRAFT_4,
    "relative-json-pointer": Draft.DRAFT_7,
    "time": Draft.DRAFT_4,
    "uri": Draft.DRAFT_4,
    "uri-reference": Draft.DRAFT_6,
    "uri-template": Draft.DRAFT_6,
    "uuid": Draft.DRAFT_2019_09,
}
"""Each format that the validator knows, with the oldest draft in which it checks it by itself."""


def backported_formats(draft: Draft, used: Iterable[str]) -> dict[str, Callable[[str], bool]]:
    """Return a check for each of the `used` formats that the validator lacks in `draft`."""
    return {name: _check(name) for name in used if FORMAT_SINCE.get(name, draft) > draft}


def _check(name: str) -> Callable[[str], bool]:
    return Draft202012Validator({"format": name}, validate_formats=True).is_valid
