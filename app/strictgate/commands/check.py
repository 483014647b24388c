"""What `strictgate check` says of a schema: every problem with its path, and what is enforced."""

import copy
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from strictgate.core.errors import BadRequest
from strictgate.core.jsontext.pointer import Path, pointer
from strictgate.core.schema import openai_strict
from strictgate.core.schema.limits import SchemaFault
from strictgate.core.schema.schema import admit, check_satisfiable, describe

MAX_PROBLEMS = 50


def check_schema(source: Any, *, strictly: bool) -> dict[str, Any]:
    """Return what was found: `problems` is empty where all is well."""
    faults = list(_faults(source))
    if faults:
        return {"admitted": False, "problems": faults}
    violations = [
        _problem(each.path, "strict", each.message) for each in openai_strict.violations(source)
    ]
    return {
        "admitted": True,
        "strict": not violations,
        "enforced": asdict(describe(admit(source, name="schema"))),
        "problems": violations if strictly else [],
    }


def _faults(source: Any) -> Iterator[dict[str, Any]]:
    """Yield why the schema is refused: what is wrong is taken out, and the rest looked at again."""
    rest = copy.deepcopy(source)
    for _ in range(MAX_PROBLEMS):
        try:
            check_satisfiable(admit(rest, name="schema"), name="schema")
        except BadRequest as error:
            fault = error.__cause__
            assert isinstance(fault, SchemaFault), "admission raises nothing else"
            yield _problem(fault.path, error.code or "invalid_schema", fault.message)
            if not fault.path or not _take_out(rest, fault.path):
                return
        else:
            return


def _take_out(schema: Any, path: Path) -> bool:
    """Remove what stands at `path`; an array's item makes room for one that is always right."""
    *way, last = path
    for step in way:
        schema = schema[step]
    if isinstance(schema, dict):
        return schema.pop(last, None) is not None
    schema[last] = True
    return True


def _problem(path: Path | None, code: str, message: str) -> dict[str, Any]:
    return {"path": pointer(path or ()), "code": code, "message": message}


def report(found: dict[str, Any]) -> str:
    """Return `found` for people to read."""
    lines = [f"admitted: {_yes(found['admitted'])}"]
    if "strict" in found:
        lines.append(f'meets the rules of "strict": true: {_yes(found["strict"])}')
    for name, value in found.get("enforced", {}).items():
        lines.append(f"{name.replace('_', ' ')}: {_shown(value)}")
    for problem in found["problems"]:
        lines.append(f"problem at {problem['path'] or 'the root'}: {problem['message']}")
    return "\n".join(lines)


def _yes(value: object) -> str:
    return "yes" if value else "no"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return _yes(value)
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value) or "none"
    return str(value)
