"""The answers of one probe together."""

import json
from dataclasses import replace

import pytest

from strictgate.core.probe.judging import Finding, Verdict
from strictgate.core.probe.questions import QUESTIONS
from strictgate.core.probe.results import (
    NotAResult,
    ProbeResult,
    Row,
    is_needed,
    parse_result,
    pins,
    rows_of,
    share,
)

BY_NAME = {each.name: each for each in QUESTIONS}
RIGHT, WRONG, REFUSED = Verdict.RIGHT, Verdict.WRONG, Verdict.REFUSED


def findings(**verdicts):
    """Findings by question, `_` for `-`."""
    return [
        Finding(name.replace("_", "-"), verdict, "" if verdict is RIGHT else str(verdict))
        for name, group in verdicts.items()
        for verdict in group
    ]


def result(**verdicts):
    rows = rows_of(findings(**verdicts))
    return ProbeResult("2026-01-31", "h:1", "m", "generic", 3, 20, 10, rows)


@pytest.mark.parametrize(
    ("row", "says", "does", "right"),
    [
        (Row("x", right=2), "yes", "holds", "2 of 2"),
        (Row("x", right=1, wrong=2), "yes", "holds not always", "1 of 3"),
        (Row("x", wrong=2), "yes", "holds not", "0 of 2"),
        (Row("x", refused=1), "no", "refuses", "refused"),
        (Row("x", refused=1, right=1), "sometimes", "holds", "1 of 1"),
        (Row("x", cut=1), "yes", "?", "cut off"),
        (Row("x", right=1, cut=2), "yes", "holds", "1 of 1, 2 cut off"),
        (Row("x", failed=1), "?", "?", "no answer"),
    ],
)
def test_rows(row, says, does, right):
    """What the host says, what it does, and how often it was right."""
    assert (row.says, row.does, share(row)) == (says, does, right)


def test_not_asked():
    """Is said, too."""
    assert share(None) == "not asked"


def test_counting():
    """By question, with the words of the first answer that was not right."""
    assert rows_of(findings(native=[RIGHT, WRONG, REFUSED])) == (
        Row("native", right=1, wrong=1, refused=1, words="wrong"),
    )


@pytest.mark.parametrize(
    ("name", "before", "needed"),
    [
        ("native", {}, True),
        ("native", {"native": [WRONG]}, True),
        ("native", {"native": [REFUSED]}, False),
        ("native-union", {"native": [REFUSED]}, False),
        ("native-nested", {"native_union": [REFUSED]}, True),
        ("tool", {"native": [REFUSED]}, True),
        ("prefix-trailing", {"prefix_trailing": [RIGHT]}, True),
        ("prefix-partial", {"prefix_trailing": [RIGHT, RIGHT]}, False),
        ("prefix-partial", {"prefix_trailing": [RIGHT, WRONG]}, True),
    ],
)
def test_what_is_asked_no_more(name, before, needed):
    """What the host has refused; other ways to go on, once one is known."""
    assert is_needed(BY_NAME[name], findings(**before)) is needed


@pytest.mark.parametrize(
    ("verdicts", "pinned"),
    [
        ({}, {}),
        ({"native": [RIGHT]}, {"modes": ["native", "json_object", "tool", "prompt"]}),
        ({"native": [REFUSED]}, {"modes": ["json_object", "tool", "prompt"]}),
        (
            {"native": [RIGHT], "native_against_the_prompt": [WRONG, WRONG]},
            {"modes": ["json_object", "tool", "prompt"]},
        ),
        ({"native_nested": [WRONG]}, {}),
        ({"native": [Verdict.CUT]}, {"modes": ["native", "json_object", "tool", "prompt"]}),
        ({"tools": [WRONG]}, {"tools": False}),
        ({"tools": [WRONG], "tool_stream": [RIGHT]}, {"tools": True}),
        ({"tools": [Verdict.FAILED]}, {}),
        ({"prefix_trailing": [WRONG], "prefix_partial": [RIGHT]}, {"prefill": "partial"}),
        ({"prefix_trailing": [RIGHT, WRONG]}, {"prefill": "none"}),
        ({"native_limits": [REFUSED]}, {"dialect": "plain"}),
        ({"native_limits": [WRONG]}, {}),
        (
            {"prompt": [RIGHT, RIGHT], "native": [RIGHT, WRONG], "prefix_trailing": [RIGHT]},
            {
                "modes": ["native", "json_object", "tool", "prompt"],
                "prefill": "trailing",
                "prompt_first": True,
            },
        ),
        ({"logprobs": [RIGHT]}, {"top_logprobs": 5}),
        ({"logprobs": [REFUSED]}, {"top_logprobs": 0}),
    ],
)
def test_pins(verdicts, pinned):
    """Only what answers have shown is pinned."""
    assert pins(rows_of(findings(**verdicts))) == pinned


@pytest.mark.parametrize("is_whole", [True, False])
def test_there_and_back(is_whole):
    """What is written can be read again."""
    made = replace(result(native=[RIGHT, WRONG]), is_whole=is_whole)
    assert parse_result(json.loads(json.dumps(made.as_json()))) == made


@pytest.mark.parametrize(
    "change",
    [
        {"strictgate_probe": 2},
        {"model": None},
        {"calls": "3"},
        {"rows": None},
        {"rows": [{"question": "native"}]},
        {"rows": [{**dict.fromkeys(Row.__dataclass_fields__, 0), "question": 1}]},
    ],
)
def test_no_result(change):
    """What is none is refused, with what is missing."""
    with pytest.raises(NotAResult):
        parse_result(result(native=[RIGHT]).as_json() | change)
    with pytest.raises(NotAResult):
        parse_result([])
