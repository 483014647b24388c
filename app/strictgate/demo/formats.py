"""The formats of the specification: a regular expression for each, and samples of it.

The expressions are good enough to accept the samples and the defaults that authors write, and to
reject most other texts. They are not those of the gateway's validator.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Format:
    """One format."""

    shape: re.Pattern[str]
    sample: str
    """A text of this format, in which `{}` stands for a number from 1 to 9."""

    def text(self, variant: int) -> str:
        """Return the sample with another number for each variant."""
        return self.sample.replace("{}", str(variant % 9 + 1))


_DATE = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
_TIME = r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)"
_HOST = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
_EMAIL = r"[\w.!#$%&'*+/=?^`{|}~-]+@" + _HOST
_POINTER = r"(/([^/~]|~[01])*)*"

FORMATS: dict[str, Format] = {
    name: Format(re.compile(shape), sample)
    for name, shape, sample in (
        ("date-time", f"{_DATE}[Tt]{_TIME}", "2026-01-0{}T09:30:00Z"),
        ("date", _DATE, "2026-01-0{}"),
        ("time", _TIME, "09:3{}:00Z"),
        ("duration", r"P(?!$)(\d+[YMWD])*(T(\d+[HMS])+)?", "P{}D"),
        ("email", _EMAIL, "person{}@example.com"),
        ("idn-email", _EMAIL, "person{}@example.com"),
        ("hostname", _HOST, "host{}.example.com"),
        ("idn-hostname", _HOST, "host{}.example.com"),
        ("ipv4", r"(\d{1,2}|1\d\d|2[0-4]\d|25[0-5])(\.(\d{1,2}|1\d\d|2[0-4]\d|25[0-5])){3}",
         "192.0.2.{}"),
        ("ipv6", r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*", "2001:db8::{}"),
        ("uuid", r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
         "123e4567-e89b-42d3-a456-42661417400{}"),
        ("uri", r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+", "https://example.com/{}"),
        ("iri", r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+", "https://example.com/{}"),
        ("uri-reference", r"[^\s<>\"{}|\\^`]*", "/path/{}"),
        ("iri-reference", r"[^\s<>\"{}|\\^`]*", "/path/{}"),
        ("uri-template", r"[^\s<>\"|\\^`]*", "https://example.com/{}"),
        ("json-pointer", _POINTER, "/path/{}"),
        ("relative-json-pointer", rf"\d+(#|{_POINTER})", "{}/path"),
        ("regex", r"([A-Za-z0-9 ^$.*+-]|\[[a-z-]+\]|\{\d\})*", "^[a-z]{{}}$"),
    )
}  # fmt: skip


def has_format(name: str, text: str) -> bool:
    """Whether `text` has the format. Formats that the specification lacks are annotations."""
    known = FORMATS.get(name)
    return known is None or known.shape.fullmatch(text) is not None
