"""How benchmarks/adherence.py tells a record, and what it calls right: no model is asked."""

import importlib
import json
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
RECORD = {"name": "Ann", "tags": ["a", {"b": 1.5}], "more": {}, "none": None}


@pytest.fixture
def suite(monkeypatch):
    """The modules of the suite by name, as the program has them."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    before = set(sys.modules)
    yield lambda name: importlib.import_module(f"adherence_suite.{name}")
    for name in set(sys.modules) - before:
        if name.startswith("adherence_suite"):
            del sys.modules[name]


def test_a_record_is_told_leaf_by_leaf(suite):
    """Nothing of it is left out: what is empty is a leaf."""
    told = list(suite("records").lines(RECORD))

    assert told == [
        'name: "Ann"',
        'tags[0]: "a"',
        "tags[1].b: 1.5",
        "more: {}",
        "none: null",
    ]


@pytest.mark.parametrize(
    ("answer", "is_right", "lost"),
    [
        (RECORD, True, 0),
        ({name: each for name, each in RECORD.items() if name != "none"}, False, 1),
        (RECORD | {"tags": ["a"]}, False, 1),
        (RECORD | {"tags": ["a", {}]}, False, 1),
        (RECORD | {"extra": 1}, False, 0),
        (RECORD | {"more": {"x": 1}}, False, 0),
        (RECORD | {"name": "Bea"}, False, 0),
        ([], False, 4),
    ],
)
def test_right_is_what_equals_the_record(suite, answer, is_right, lost):
    """One lost member, and one that was invented, are wrong alike."""
    tasks, score = suite("tasks"), suite("score")
    task = tasks.Task("t", "real", "", {}, RECORD, is_exact=True)
    right, counted = score.faithful(answer, task)

    assert (right == counted, score.lost(answer, task)) == (is_right, lost)


def test_what_is_empty_must_be_there(suite):
    """A member without leaves counts as well, and is nothing else that is empty."""
    tasks, score = suite("tasks"), suite("score")
    task = tasks.Task("t", "real", "", {}, {"more": {}}, is_exact=True)

    for answer, is_right in [({"more": {}}, True), ({}, False), ({"more": []}, False)]:
        right, counted = score.faithful(answer, task)
        assert (right == counted) is is_right


def test_tasks_are_of_all_families_in_turn(suite, monkeypatch, tmp_path):
    """A row without an instance that fits gives none."""
    rows = [
        {"id": f"{split}/{at}", "split": split, "schema": {"type": "object"}, "tests": tests}
        for split in ("one", "two")
        for at, tests in enumerate(
            [
                [{"valid": True, "data": {"text": "x" * 80}}],
                [{"valid": True, "data": {"text": "y" * 80}}],
                [{"valid": False, "data": {"text": "z" * 80}}],
                [{"valid": True, "data": {"text": "short"}}],
            ]
        )
    ]
    for name in ("maskbench", "schemastore"):
        (tmp_path / name).mkdir()
        text = "\n".join(map(json.dumps, rows)) if name == "maskbench" else ""
        (tmp_path / name / "dev.jsonl").write_text(text)
    monkeypatch.setenv("STRICTGATE_CORPORA", str(tmp_path))
    names = [task.name for task in suite("records").records()]

    assert [name.partition("_")[0] for name in names] == ["one", "two", "one", "two"]
    assert names == [task.name for task in suite("records").records()]


FUNCTIONS = (
    {"type": "function", "function": {"name": "area", "parameters": {"required": ["a"]}}},
    {"type": "function", "function": {"name": "now"}},
)


@pytest.mark.parametrize(
    ("calls", "is_valid"),
    [
        ({0: ["area", '{"a": 1}']}, True),
        ({1: ["now", "{}"], 0: ["area", '{"a": 1}']}, True),
        ({0: ["area", "{}"]}, False),
        ({0: ["volume", "{}"]}, False),
        ({0: ["now", "oops"]}, False),
    ],
)
def test_calls_are_judged_as_a_document(suite, calls, is_valid):
    """The names of functions, and their arguments by the function's own schema."""
    made, score = suite("calls"), suite("score")
    task = suite("tasks").Task("t", "calls", "", made.calls_schema(FUNCTIONS), tools=FUNCTIONS)

    assert score.score(made.calls_text(calls), "stop", task).is_valid is is_valid


def test_the_tasks_of_calls(suite, monkeypatch, tmp_path):
    """One question each; what the right call leaves out may have any value."""
    calls, score = suite("calls"), suite("score")
    expected = [{"name": "area", "arguments": {"a": 1}}]
    row = {"id": "x/1", "tools": list(FUNCTIONS), "expected_calls": expected}
    question = {"role": "user", "content": "How large?"}
    rows = [row | {"messages": [question]}, row | {"messages": [question] * 2}]
    (tmp_path / "function_schemas").mkdir()
    (tmp_path / calls.SOURCE).write_text("\n".join(map(json.dumps, rows)))
    monkeypatch.setenv("STRICTGATE_CORPORA", str(tmp_path))
    (task,) = calls.call_tasks()

    assert (task.name, task.kind, task.prompt) == ("x_1", "calls", "How large?")
    for arguments, is_right in [({"a": 1, "b": 2}, True), ({"a": 2}, False)]:
        told = [{"name": "area", "arguments": arguments}]
        right, counted = score.faithful(told, task)
        assert (right == counted) is is_right


def test_what_streams_of_calls_add_up_to(suite):
    """Fragments belong together by their index."""
    asking = suite("asking")
    answer = asking.Answer()
    for call in (
        {"index": 0, "function": {"name": "area", "arguments": '{"a"'}},
        {"index": 0, "function": {"arguments": ": 1}"}},
    ):
        asking._take(answer, {"choices": [{"delta": {"tool_calls": [call]}}]}, "delta")

    assert answer.calls == {0: ["area", '{"a": 1}']}


@pytest.mark.parametrize(
    ("one", "other", "p"), [(0, 0, 1.0), (1, 1, 1.0), (2, 0, 0.5), (6, 0, 0.03125), (1, 5, 0.21875)]
)
def test_sign_test(suite, one, other, p):
    """Two-sided, and exact."""
    assert suite("score").sign_test(one, other) == p


def test_strategies_are_compared_by_their_common_tasks(suite):
    """Only where one alone is right do they differ."""
    results, report = suite("results"), suite("report")

    def made(strategy, task, right):
        return results.Result(strategy, task, 0, "real", "", True, right, 1, 1, 9, 1.0)

    answers = [made("prompt", "a", 1), made("prompt", "b", 0), made("prompt", "c", 0)]
    answers += [made("native", "a", 0), made("native", "b", 0)]
    told = report.markdown([], answers, [])

    assert "of 2, `prompt` alone is right in 1, `native` alone in 0 (sign test: p = 1)" in told


def test_a_schema_that_is_refused_is_no_task(suite):
    """Nobody can be asked for its documents."""
    refused = {"patternProperties": {"^(?!x)": {}}, "additionalProperties": False}
    row = {"id": "x", "schema": refused, "tests": [{"data": RECORD, "valid": True}]}

    assert not suite("tasks").Task("t", "real", "", refused).is_admitted
    assert suite("records")._task(row, 3000, range(1000)) is None
    assert suite("records")._task(row | {"schema": {}}, 3000, range(1000)) is not None
