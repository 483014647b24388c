"""Behaviour tables: JSON files under tests/data, most in groups as the JSON-Schema-Test-Suite has.

Each table has a shape, and a row that does not fit is an error: with a misspelt key, a row would
assert less than its author meant. A new table, or a new key, is written into SHAPES.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Row:
    """The keys that a row may have, as words of a string."""

    required: str = ""
    optional: str = ""
    one_of: str = ""
    """Of these a row has exactly one; mostly, what is expected of it."""
    some_of: str = ""
    """Of these a row has at least one."""
    parts: Mapping[str, "Row"] = field(default_factory=dict)
    """The rows that stand in a row, one or a list of them, by their key."""

    def errors(self, row: Any) -> Iterator[str]:
        """Yield what is wrong with `row`, which may be a list of rows."""
        if isinstance(row, list):
            for at, each in enumerate(row):
                yield from (f"{at}: {error}" for error in self.errors(each))
        elif isinstance(row, dict):
            yield from self._own_errors(row)
            for key in self.parts.keys() & row.keys():
                yield from (f"{key} {error}" for error in self.parts[key].errors(row[key]))
        else:
            yield f"{row!r} is no row"

    def _own_errors(self, row: dict[str, Any]) -> Iterator[str]:
        required, one_of, some_of = map(str.split, (self.required, self.one_of, self.some_of))
        known = {*required, *self.optional.split(), *one_of, *some_of}
        yield from (f"unknown key {key!r}" for key in row if key not in known)
        yield from (f"no {key!r}" for key in required if key not in row)
        if one_of and sum(key in row for key in one_of) != 1:
            yield f"not exactly one of {one_of}"
        if some_of and not any(key in row for key in some_of):
            yield f"none of {some_of}"


def _grouped(common: str, optional: str = "", *, test: Row) -> Row:
    return Row(f"description tests {common}", optional, parts={"tests": test})


_EXTRACTION = _grouped(
    "schema",
    "wrapped",
    test=Row("description text", "steps unfinished", one_of="document rejected"),
)
_REPAIRED = Row("description text", "steps", one_of="document rejected")
_REPAIR = _grouped("schema", test=_REPAIRED)
_GRAMMAR = Row("description schema good bad", "unsupported_keywords formats")
_WIRE = "provider status body body_kind meaning cls stream expect_downgrade"
_FOUND = Row("at", some_of="is not list has absent some in")
_WANTED = Row(
    "",
    "status error document text calls ids finish repairs asked body sent again frames events",
    parts={
        "error": Row("", "code says says_not anywhere failed_generation"),
        "calls": Row("name", "input type id"),
        **dict.fromkeys(("body", "sent", "again", "frames"), _FOUND),
    },
)
SHAPES: dict[str, Row] = {
    "behind": _grouped("schema document", "wrapped wrapper", test=Row("description behind is")),
    "contract": Row(
        "refused passed_through",
        parts={"refused": Row("about body error"), "passed_through": Row("about body")},
    ),
    "custom_tool_refusals": Row(
        "description cases", parts={"cases": Row("status body refuses source")}
    ),
    "dialects": Row("description dialect schema", "left_out nulls", one_of="is reason"),
    "extract/objects": _EXTRACTION,
    "extract/other_roots": _EXTRACTION,
    "grammar_arrays": _GRAMMAR,
    "grammar_property_names": _GRAMMAR,
    "grammar_numbers": _GRAMMAR,
    "grammar_objects": _GRAMMAR,
    "grammar_strings": _GRAMMAR,
    "grammar_conjunction": _GRAMMAR,
    "grammar_unions": _GRAMMAR,
    "grammar_values": _GRAMMAR,
    "guard_heads": _grouped(
        "schema",
        "wrapped bare",
        test=Row("description text document", "known steps wrapper"),
    ),
    "guard_mends": _grouped(
        "level schema",
        test=Row("description text", "steps judge", one_of="document refused"),
    ),
    "guard_scanner": _grouped("", test=Row("refused", one_of="text hex")),
    "guard_tracker": _grouped("schema", test=Row("text refused")),
    "jsts_exceptions": Row(
        "refused verdicts jsonschema",
        parts={
            "refused": Row("codes mentions reason"),
            "jsonschema": Row("draft group reason"),
        },
    ),
    "malformed_exceptions": Row("reason ids"),
    "object_roots": Row("schema is_object"),
    "optional_fields": Row("about status error sent field", "asked origin then told"),
    "outcomes": Row(
        "about good forced bad",
        parts={
            "good": Row("model mode", "repairs attempts"),
            "forced": Row("model repairs"),
            "bad": Row("model status code"),
        },
    ),
    "plans": Row(
        "bodies ladders",
        parts={
            "bodies": Row(
                "about mode", "request capabilities", some_of="has lacks dropped streamed"
            ),
            "ladders": Row("about ladder", "request capabilities refused"),
        },
    ),
    "problems": Row("schema value sentences"),
    "real_schema_exceptions": Row("refused verdicts", parts={"refused": Row("code reason ids")}),
    "refused_prefixes": Row("status message is_refused"),
    "recognition": Row(
        "description hosts",
        parts={"hosts": Row("name preset answers", "base problem is_named")},
    ),
    "refusals": Row(
        "description cases",
        parts={
            "cases": Row(
                "status sent kind body",
                "modes note pattern failed_generation unmistakable partners",
            )
        },
    ),
    "refused_schemas": Row("what schema code says"),
    "repair/lenient": _REPAIR,
    "repair/lossless": _REPAIR,
    "repair/syntax": _grouped("", test=_REPAIRED),
    "report_rows": Row(
        "rows",
        parts={
            "rows": Row("key about asks answers want", "source ways more", parts={"want": _WANTED})
        },
    ),
    "reports_expected": Row(
        "rows", "ways presets why kinds", one_of="want skip", parts={"want": _WANTED}
    ),
    "respelling": _grouped("", test=Row("description source plain", "taken")),
    "seed_requests": Row("about requests", parts={"requests": Row("name source request")}),
    "tool_dialects": _grouped("", test=Row("description schema good bad")),
    "strict_rules": Row("what schema violations"),
    "wire_fixtures": Row(_WIRE, "request date source refused_type"),
}


def load(name: str) -> Any:
    """Return the table `name`, which has its shape."""
    table = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    assert table, f"{name} is empty"
    errors = list(SHAPES[name].errors(table))
    assert not errors, f"{name}: {errors}"
    return table


def cases(name: str) -> list[Any]:
    """Return the cases of the table `name`, each with its group, for `parametrize`."""
    return [(group, test) for group in load(name) for test in group["tests"]]


def label(part: Any) -> str:
    return str(part["description"]).replace(" ", "_")
