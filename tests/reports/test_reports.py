"""Every row of the reports, with every preset and in every way, comes as is right, or is known.

What fails today is in tests/data/reports_open.json. A row there that comes right is an error too:
it is to be taken off the list.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.corpora import NAMED
from tests.reports.client import Stage, stage
from tests.reports.expecting import covers, groups, known_failures, missing
from tests.reports.product import kind_of
from tests.reports.rows import Case, cases

if not NAMED:
    pytest.skip("STRICTGATE_CORPORA is not set: it names the test data", allow_module_level=True)

CASES = {f"c{place}": case for place, case in enumerate(cases())}
GROUPS = groups()
OPEN = {f"{key}/{how}" for key, ways in known_failures().items() for how in ways}
WORDS = [case for case in CASES.values() if case.key.startswith("words-")]


@pytest.fixture(scope="module")
def running() -> Iterator[Stage]:
    """Everything that the cases need."""
    with stage(CASES) as running:
        yield running


def _group(case: Case) -> dict[str, Any]:
    (group,) = [each for each in GROUPS if covers(each, case)]
    return group


def _settle(name: str, problems: list[str]) -> None:
    """Fail where there are problems that nobody knows, or none where some are known."""
    if name in OPEN:
        assert problems, f"{name} comes right: take it off tests/data/reports_open.json"
        pytest.xfail("\n".join(problems))
    assert not problems, "\n  or ".join(problems)


@pytest.mark.parametrize("name", CASES, ids=[case.id for case in CASES.values()])
def test_what_comes_is_right(running: Stage, name: str):
    """One of the alternatives of the row comes."""
    case = CASES[name]
    group = _group(case)
    if "skip" in group:
        pytest.skip(group["skip"])
    played = running.play(name, case)
    again = lambda: running.ask_again(name, case)  # noqa: E731
    _settle(case.id, missing(group["want"], case, played, again))


@pytest.mark.parametrize("case", WORDS, ids=[case.key for case in WORDS])
def test_words_are_read_right(case: Case):
    """An upstream's error is read as one of what it can mean."""
    row = case.row
    kind = kind_of(row["status"], row["body"], row["sent"])
    _settle(f"{case.key}/read", [] if kind in _group(case)["kinds"] else [f"read as {kind}"])


def test_there_is_one_expectation_for_each_case():
    """Every case is in one group; every key of a group, and of what is known, is a row's."""
    assert {
        case.id: len([1 for each in GROUPS if covers(each, case)]) for case in CASES.values()
    } == {case.id: 1 for case in CASES.values()}
    keys = {case.key for case in CASES.values()}
    assert {key for group in GROUPS for key in group["rows"]} == keys
    assert {case.id for case in CASES.values()} | {f"{case.key}/read" for case in WORDS} >= OPEN
