"""Whether the validator forbids a member by its name."""

from collections.abc import Sequence

from strictgate.core.guard.pruned_tree import PruneLimits, pruned
from strictgate.core.guard.repairs.tokens import MisspeltMember
from strictgate.core.guard.repairs.violation import Violation
from strictgate.core.jsontext.pointer import Path
from strictgate.core.jsontext.reader import NotJSON, parse_json
from strictgate.core.schema.problems import Problem

KINDS = ("AdditionalProperties", "UnevaluatedProperties")
_TELLING = ("Constant", "Enum")
_PROBLEMS = 1000
_BESIDE = 64  # members of an object that are looked at


def forbids(problems: Sequence[Problem], path: Path, name: str) -> bool:
    """Whether the member `name` of the object at `path` is not to be, whichever way one takes.

    A branch of a union may allow it and still be out of the question, for a constant tells so.
    """
    return any(
        (each.kind in KINDS and each.path == path and name in each.expected)
        or (path[: len(each.path)] == each.path and _forbid(each.branches, path, name))
        for each in problems
    )


def _forbid(branches: Sequence[Sequence[Problem]], path: Path, name: str) -> bool:
    others = [branch for branch in branches if not forbids(branch, path, name)]
    return len(others) < len(branches) and all(
        any(_tells(each, path) for each in branch) for branch in others
    )


def _tells(problem: Problem, path: Path) -> bool:
    """Whether `problem` shows that a branch is not the one that is meant, whatever the members."""
    if problem.kind == "Type":
        is_around = path[: len(problem.path)] == problem.path
        return is_around and "array" not in problem.expected
    return problem.kind in _TELLING


def is_forbidden(violation: Violation, path: Path, name: str, member: MisspeltMember) -> bool:
    """Whether the validator says so of the member, and of what stands around it."""
    around = violation.guard.scanner.containers[: len(path) + 1]
    if name in around[-1]:
        return False
    try:
        value = parse_json(member.value.text)
    except NotJSON:
        return False
    limits = PruneLimits(violation.guard.features.fixed, _BESIDE)
    tree, thin = pruned(around, (*path, name), value, limits)
    return forbids(violation.guard.schema.problems(tree, _PROBLEMS), thin[:-1], name)
