r"""Patterns for the values of `format`, so that the grammar sees early what cannot be one.

`format` stays an unsupported keyword: the validator judges every value. A pattern here must match
all that the validator accepts, and may match more: where the rules of a format are long or
uncertain, its pattern says little. It must never be stricter than the validator, or valid documents
would be refused.
"""

_DATE = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_TIME = r"(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:[zZ]|[+-](?:[01]\d|2[0-3]):[0-5]\d)"
_BYTE = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_HEX = "[0-9A-Fa-f]"

FORMAT_PATTERNS = {
    "date": f"^{_DATE}$",
    "date-time": f"^{_DATE}[tT]{_TIME}$",
    "duration": r"^P[0-9YMWDTHS]+$",
    "email": "@",
    "idn-email": "@",
    "ipv4": rf"^{_BYTE}(?:\.{_BYTE}){{3}}$",
    "ipv6": r"^[0-9A-Fa-f:.]+$",
    "iri": r"^[A-Za-z][A-Za-z0-9+.-]*:",
    "json-pointer": r"^(?:$|/)",
    "relative-json-pointer": r"^\d",
    "time": f"^{_TIME}$",
    "uri": r"^[A-Za-z][A-Za-z0-9+.-]*:[!-~]*$",
    "uri-reference": r"^[!-~]*$",
    "uuid": f"^{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}$",
}
"""The patterns by the name of the format, in the syntax of `pattern`."""
