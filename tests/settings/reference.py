"""Writes docs/configuration.md from the settings: `make reference`.

Every field stands there with what it takes, its default and its meaning, as the types say it.
"""

import ast
import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from strictgate.core.request import options
from strictgate.settings.loading import PREFIX, Settings

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"
NAMED = {
    "upstreams": "[upstreams.NAME]",
    "models": "[models.NAME]",
    "keys": "[keys.NAME]",
    "prices": '[prices."MODEL"]',
}
"""The tables of which there may be several, each with a name of the reader's."""
SUMMARIES = {"enforcement": "how documents are enforced; most fields are knobs of a request, too."}
"""Where the type's own docstring says it for the code."""
HEAD = f"""\
# Configuration

<!-- Written by `make reference` from app/strictgate/settings; a test compares. -->

One TOML file, overridden by variables. `strictgate config` prints an example that explains every
field at length; this page lists what there is. The variable of a field is `{PREFIX}`, its table
and its name in capitals, joined by two underscores: `{PREFIX}SERVER__PORT` is `port` in
`[server]`, and `{PREFIX}UPSTREAMS__GROQ__PRESET` is `preset` in `[upstreams.groq]`. In a
variable, lists are separated by commas. A field that is not known is an error at start.
An empty default means that the field is not set.
"""
_ROWS = "| field | takes | default | meaning |\n|---|---|---|---|\n"


def page() -> str:
    """Return the page, as Markdown."""
    schema = Settings.model_json_schema()
    tables = {n: _table(field, schema) for n, field in schema["properties"].items()}
    top = [(n, schema["properties"][n]) for n, table in tables.items() if table is None]
    parts = [HEAD, "## Above all tables\n\n" + _ROWS + "".join(_rows(top, schema))]
    for name, table in tables.items():
        if table is not None:
            fields = list(table["properties"].items())
            title = f"## `{NAMED.get(name, f'[{name}]')}`\n\n{_summary(name, table)}\n\n"
            parts.append(title + _ROWS + "".join(_rows(fields, schema)))
    return "\n".join(parts)


def _table(field: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any] | None:
    """Return the type of a table, or of each of its named ones; None: it is a single field."""
    reference = field.get("$ref") or (field.get("additionalProperties") or {}).get("$ref")
    return schema["$defs"][reference.rpartition("/")[2]] if reference else None


def _summary(name: str, table: dict[str, Any]) -> str:
    """What a table is for, as a sentence."""
    said = SUMMARIES.get(name) or str(table["description"]).partition(": ")[2]
    return said[:1].upper() + " ".join(said[1:].split())


def _rows(fields: list[tuple[str, Any]], schema: dict[str, Any]) -> Iterator[str]:
    said = _docstrings(options.Enforcement)
    for name, field in fields:
        meaning = field.get("description") or said[name]
        cells = (f"`{name}`", _takes(field, schema), _default(field), meaning)
        yield "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells)
        yield " |\n"


def _docstrings(owner: type) -> dict[str, str]:
    """Return what stands below each field of a dataclass."""
    (tree,) = ast.parse(inspect.getsource(owner)).body
    assert isinstance(tree, ast.ClassDef)
    found = {}
    for field, text in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
            assert isinstance(field.target, ast.Name)
            assert isinstance(text.value, ast.Constant)
            found[field.target.id] = str(text.value.value)
    return found


def _takes(field: dict[str, Any], schema: dict[str, Any]) -> str:
    """Return what values a field may have, in words."""
    if "anyOf" in field:
        (field,) = (each for each in field["anyOf"] if each.get("type") != "null")
    if "$ref" in field:
        field = schema["$defs"][field["$ref"].rpartition("/")[2]]
    if "enum" in field:
        return ", ".join(f"`{each}`" for each in field["enum"])
    if field["type"] == "array":
        items = _takes(field["items"], schema)
        return f"list of {items}" if "`" in items else f"list of {items}s"
    kind = "secret" if field.get("writeOnly") else str(field["type"])
    limits = {
        "minimum": "from {}",
        "exclusiveMinimum": "over {}",
        "maximum": "to {}",
    }
    bounds = [text.format(f"{field[key]:,}") for key, text in limits.items() if key in field]
    return " ".join([kind, *bounds])


def _default(field: dict[str, Any]) -> str:
    """Return the default as it stands in TOML; nothing where there is none."""
    value = field.get("default")
    if value is None:
        return "" if "default" in field else "required"
    if isinstance(value, str) and "\n" in value:
        return "a text of five lines"
    if isinstance(value, int) and value >= 10_000:
        return f"`{value:_}`"
    return f"`{json.dumps(value)}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
