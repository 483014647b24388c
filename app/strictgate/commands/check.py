"""`strictgate check`: says whether a schema is admitted, what of it is enforced, and what is wrong.

It uses the admission of the gateway itself (core/schema), so that both say the same.
"""

import copy
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from strictgate.core.errors import BadRequest
from strictgate.core.jsontext.pointer import Path, pointer
from strictgate.core.schema import openai_strict
from strictgate.core.schema.limits import SchemaFault
from strictgate.core.schema.schema import admit, check_satisfiable, describe

MAX_PROBLEMS = 50  # each of which costs one more admission of the rest


def check_schema(source: Any, *, strictly: bool) -> dict[str, Any]:
    """Return what the check has found, as the JSON object that `--json` prints.

    Its members are `admitted` (true or false), `problems` (a list of objects with `path`, a JSON
    Pointer into the schema, `code` and `message`; empty where all is well) and, for an admitted
    schema, `strict` (whether it meets OpenAI's rules for `"strict": true`) and `enforced` (what
    the gateway does with it).

    Args:
        source: the schema, as parsed JSON.
        strictly: a violation of OpenAI's strict rules counts as a problem.
    """
    if where := _schema_of_request(source):
        problem = _problem(
            None,
            "not_a_schema",
            f"This is a whole request, not a schema: put what stands at {where} into a file of its "
            "own and check that; `strictgate plan FILE` shows what is sent for the request.",
        )
        return {"admitted": False, "problems": [problem]}
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


def _schema_of_request(source: Any) -> str:
    """Return where the schema is in a request, as a JSON Pointer; "" for what is none.

    A request would be admitted: JSON Schema allows members that nobody knows, and they say nothing.
    """
    if not isinstance(source, dict) or not isinstance(source.get("model"), str):
        return ""
    if isinstance(source.get("messages"), list):
        return "/response_format/json_schema/schema"
    return "/text/format/schema" if isinstance(source.get("input"), str | list) else ""


def _faults(source: Any) -> Iterator[dict[str, Any]]:
    """Yield every reason for which the schema is refused.

    Admission stops at the first fault. To find the others, this takes the faulty part out of a copy
    and admits the rest.
    """
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
    """Remove what stands at `path`; return whether there was something.

    An item of an array is replaced by `true`, a schema that is always right: the paths of the items
    behind it stay what they are.
    """
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
    """Return the result of `check_schema` as lines for people to read."""
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
