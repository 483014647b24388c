"""The words that upstreams refuse a schema with: the tables of refusal_patterns.toml, compiled.

Each is one pattern, in which the parts of a table have their names. They are matched against a few
KiB and are free of nested repetition, so that no text makes them slow. What a match means is
refusal.py's to say.
"""

import re
import tomllib
from importlib import resources
from typing import Any

from strictgate.core.late_pattern import late_pattern

_DATA: dict[str, Any] = tomllib.loads(
    resources.files(__package__).joinpath("refusal_patterns.toml").read_text("utf-8")
)
_FRAGMENT = re.compile(r"%(\w+)%")
_FRAGMENTS: dict[str, str] = {}


def _expanded(pattern: str | list[str]) -> str:
    """Return a pattern of the data as one text, its fragments put in."""
    text = pattern if isinstance(pattern, str) else "|".join(pattern)
    return _FRAGMENT.sub(lambda match: _FRAGMENTS[match[1]], text)


def _union(*tables: str) -> str:
    """Return the named patterns of some tables as one; of two with one name, the last."""
    named = {name: pattern for table in tables for name, pattern in _DATA[table].items()}
    return "|".join(f"(?P<{name}>{_expanded(pattern)})" for name, pattern in named.items())


def _table(*tables: str) -> re.Pattern[str]:
    return late_pattern(_union(*tables), re.IGNORECASE)


def _words(name: str) -> re.Pattern[str]:
    return late_pattern(_expanded(_DATA["words"][name]), re.IGNORECASE)


def _codes(name: str) -> frozenset[str]:
    return frozenset(_DATA["codes"][name])


for _name, _pattern in _DATA["fragments"].items():  # each may have those before it
    _FRAGMENTS[_name] = _expanded(_pattern)
_FRAGMENTS["FIELD_SAYS_NO"] = _union("SAYS_NO", "FIELD_SAYS_NO")


def name_of(match: re.Match[str] | None) -> str:
    """Return the name of the pattern that matched."""
    return (match and match.lastgroup) or ""


TRUNCATED = _FRAGMENTS["TRUNCATED"]
"""Groq puts this sentence where the model's text would be."""
OUTPUT = _table("OUTPUT")
OUTPUT_CODES = _codes("OUTPUT_CODES")
"""Groq's."""
SILENT = _words("SILENT")
"""Texts that say no more than the status does."""
SILENT_CODES = _codes("SILENT_CODES")
"""Codes that only repeat it."""
JSON_WORD = _table("JSON_WORD")
NEVER = _table("NEVER")
NEVER_CODES = _codes("NEVER_CODES")

# --- this schema ---------------------------------------------------------------------------------

DIALECT = _table("DIALECT")
DIALECT_CODES = _codes("DIALECT_CODES")
FUNCTION_SCHEMA = _words("FUNCTION_SCHEMA")
FUNCTION_PLACE = _words("FUNCTION_PLACE")
"""Where in the list of tools the function stands."""
QUOTED = _words("QUOTED")
DROPPABLE = _codes("DROPPABLE")
"""Keywords that a schema can do without, so that a refusal that names one need not be the end."""
UNMISTAKABLE = late_pattern(_expanded(_DATA["words"]["UNMISTAKABLE"]))
"""Those of them that are no words of plain English, and so need no quotes."""
SCHEMA_PLACE = _words("SCHEMA_PLACE")
"""Where in the schema something stands: names of properties may be those of keywords."""
KEYWORD_SAYS_NO = _words("KEYWORD_SAYS_NO")
CRASHED_DIALECT = _table("CRASHED_DIALECT")
"""What refuses a schema even with a status that says that the server failed."""
CRASHED_FORMAT = _table("CRASHED_FORMAT")
"""What refuses every format so: Ollama's engine has no grammar for the model."""
CRASHED_TOOLS = _table("CRASHED_TOOLS")

# --- the format ----------------------------------------------------------------------------------

CONFLICT_SUBJECT = _words("CONFLICT_SUBJECT")
CONFLICT = _table("CONFLICT")
SAYS_NO = _table("SAYS_NO")
FORMAT_NAME = _words("FORMAT_NAME")
SCHEMA_NAME = _words("SCHEMA_NAME")
OBJECT_NAME = _words("OBJECT_NAME")
MODEL_ID = _words("MODEL_ID")
"""A model's name, which may have a format's in it."""
BUSY = _words("BUSY")
OTHER_CAUSE = _words("OTHER_CAUSE")
"""A sentence about the number of choices, or about how busy the server is, refuses no format."""
BOTH = _words("BOTH")
OTHER_FIELD = _words("OTHER_FIELD")
"""A member of `response_format` that is at fault, not the format."""
THIS_TYPE = _words("THIS_TYPE")
TOOL_NAME = _words("TOOL_NAME")
STREAM_NAME = _words("STREAM_NAME")
TOOL_SAYS_NO = _table("TOOL_SAYS_NO")
NO_ENDPOINT = _words("NO_ENDPOINT")
"""OpenRouter's. The guardrails are the account's own, but `strict` can be what they stop at."""
ABOUT_ALL = _words("ABOUT_ALL")
ALLOWED = _words("ALLOWED")
END_OF_LIST = _words("END_OF_LIST")
TEXT_NAME = _words("TEXT_NAME")
SENTENCE = _words("SENTENCE")

# --- one field, tools, prefixes ------------------------------------------------------------------

FIELD_SAYS_NO = _table("SAYS_NO", "FIELD_SAYS_NO")
"""What says no to one field of a request."""
TOOL_CHOICE = _words("TOOL_CHOICE")
STREAM_ALONE = _words("STREAM_ALONE")
STREAM_AND_TOOLS = _words("STREAM_AND_TOOLS")
SEVERAL_CHOICES = _words("SEVERAL_CHOICES")
SEVERAL_SAYS_NO = _words("SEVERAL_SAYS_NO")
ROLE = _words("ROLE")
ROLE_SAYS_NO = _table("SAYS_NO", "ROLE_SAYS_NO")
PREFIX = _words("PREFIX")
TOOLS = _words("TOOLS")
TOOLS_AND_MORE = _words("TOOLS_AND_MORE")
"""Their use together with something else, or one of their members, is not their use."""
CUSTOM_TOOLS = _table("CUSTOM_TOOLS")
"""Read only of requests that have custom tools."""
TOOLS_NO = _table("TOOLS_NO")
TOOLS_FLAG = _words("TOOLS_FLAG")
"""vLLM's and llama.cpp's, which were started without what tools need."""
