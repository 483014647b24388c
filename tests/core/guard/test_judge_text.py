"""The judge: tables of answers, and what must hold whatever the text is."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strictgate.core.guard.judge_text import SEVERAL, InvalidText, ValidText, judge_text
from strictgate.core.jsontext.reader import parse_json, write_json
from strictgate.core.repair_steps import LenientRepair, Repair, Step
from strictgate.core.schema.problems import UNEXPLAINED
from strictgate.core.schema.schema import Schema, admit
from strictgate.core.work import Work, WorkSpent
from tests.tables import cases, label

ANYTHING = admit(True, name="anything")
REVIEW = admit(
    {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "rating": {"type": "number"},
            "tags": {"type": "array", "items": {"enum": ["good", "bad"]}},
            "more": {"anyOf": [{"$ref": "#"}, {"type": "null"}]},
        },
        "required": ["name"],
        "additionalProperties": False,
    },
    name="review",
)
SCHEMAS = [ANYTHING, REVIEW, admit({"type": "array", "items": {"type": "integer"}}, name="list")]
LEVELS = list(Repair)

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
)
values = st.recursive(
    scalars | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
dumps = st.sampled_from(
    [
        lambda value: json.dumps(value),
        lambda value: json.dumps(value, ensure_ascii=False),
        lambda value: json.dumps(value, separators=(",", ":")),
        lambda value: json.dumps(value, indent=2, sort_keys=True),
        lambda value: "\n\t" + json.dumps(value, indent="\t") + "\r\n",
        write_json,
    ]
)
around = st.sampled_from(
    ["{}", "```json\n{}\n```", "<think>No: [1]</think>{}", "<think>x</think>\n```\n{}\n```\nSo."]
)
SCRAPS = [
    *"{}[]:,\"'`\\\n 1-.#",
    *("```json\n", "```", "<think>", "</think>", "//", "/*", "*/", "“", "”", "\ufeff", "..."),
    *('"name"', '"rating"', "name", "tags", '"4.5"', "true", "None", '"GOOD"', "it's", "x"),
    *('{"name": "x"', '{"name": 5, "x": 1}', '{"a": {"b": 1}}'),
]
scraps = st.lists(st.sampled_from(SCRAPS), max_size=14).map("".join)


def holds_document(value: Any) -> bool:
    """Whether `value` is an object or array: scalars count as the whole answer only."""
    return isinstance(value, dict | list)


def names(value: Any) -> set[str]:
    """Return every property name in `value`."""
    if isinstance(value, dict):
        return set(value).union(*map(names, value.values()))
    return set().union(*map(names, value)) if isinstance(value, list) else set()


def unescaped(text: str) -> str:
    return text.replace("\\", "").lower()


@pytest.mark.parametrize(
    ("group", "test"), [*cases("extract/objects"), *cases("extract/other_roots")], ids=label
)
@pytest.mark.parametrize("level", LEVELS)
def test_extraction(group: dict[str, Any], test: dict[str, Any], level: Repair):
    """The document is found at every level of repair, and only what it stands in is taken off."""
    schema = admit(group["schema"], name="x")
    verdict = judge_text(test["text"], schema, level, wrapped=group.get("wrapped", False))
    if "rejected" not in test:
        steps = tuple(Step(name) for name in test["steps"])
        assert verdict == ValidText(test["document"], parse_json(test["document"]), steps)
    elif level is Repair.OFF:
        assert isinstance(verdict, InvalidText)
        assert verdict.unfinished == test.get("unfinished", False)
    else:
        assert isinstance(verdict, InvalidText) or not test.get("unfinished", False)


@pytest.mark.parametrize(("group", "test"), cases("repair/syntax"), ids=label)
def test_spelling(group: dict[str, Any], test: dict[str, Any]):
    """Level `syntax` and those above respell; level `off` does not."""
    assert isinstance(judge_text(test["text"], ANYTHING, Repair.OFF, wrapped=False), InvalidText)
    for level in LEVELS[1:]:
        verdict = judge_text(test["text"], ANYTHING, level, wrapped=False)
        assert ("rejected" in test) == isinstance(verdict, InvalidText)
        if isinstance(verdict, ValidText):
            assert verdict.value == parse_json(test["document"])


@pytest.mark.parametrize(
    ("level", "group", "test"),
    [(Repair.LOSSLESS, *case) for case in cases("repair/lossless")]
    + [(Repair.LENIENT, *case) for case in cases("repair/lenient")],
    ids=lambda part: part if isinstance(part, str) else label(part),
)
def test_mends(level: Repair, group: dict[str, Any], test: dict[str, Any]):
    """Data of another type or name are read where one reading fits, at the level and above."""
    schema = admit(group["schema"], name="x")
    verdict = judge_text(test["text"], schema, level, wrapped=False)
    if "rejected" in test:
        whole = parse_json(test["text"])
        assert verdict == InvalidText(schema.problems(whole), "", unfinished=False)
        return
    steps = tuple(Step(*step) for step in test["steps"])
    assert verdict == ValidText(test["document"], parse_json(test["document"]), steps)
    if steps:
        below = LEVELS[LEVELS.index(level) - 1]
        lower = judge_text(test["text"], schema, below, wrapped=False)
        assert lower != verdict or level is Repair.LENIENT


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no JSON document in the answer"),
        ("I cannot.", "no JSON document in the answer"),
        ('{"name": "x"}\n{"name": "y"}', "the answer holds several different documents"),
        ('{"name" "x"}', "Expecting ':' delimiter at line 1 column 9"),
        ('{\n "name": x}', "Expecting value at line 2 column 10"),
        ('{"name": "x', "the document ends in the middle"),
        ("<think>Hm", "the answer ends in the middle of the thinking"),
        ("So:\n```json\n{name}\n```", "Expecting property name enclosed in double quotes"),
        ('{"name": "x", "name": "y"}', 'Duplicate property name "name"'),
        ('{"name": "\\ud800"}', "Lone surrogate in a string"),
    ],
)
def test_reason(text: str, reason: str):
    """What is not JSON is rejected in words that the model can act on."""
    verdict = judge_text(text, REVIEW, Repair.OFF, wrapped=False)
    assert isinstance(verdict, InvalidText)
    assert verdict.problems == ()
    assert verdict.reason.startswith(reason)


def test_the_problems_are_those_of_the_model():
    """Where mends do not make the document valid, what it says itself is reported."""
    verdict = judge_text('{"rating": "4.5", "x": 1}', REVIEW, Repair.LENIENT, wrapped=False)
    assert isinstance(verdict, InvalidText)
    assert {problem.kind for problem in verdict.problems} == {
        "Required",
        "AdditionalProperties",
        "Type",
    }


def test_wrapped_problems_have_the_paths_of_the_document():
    """The wrapper is nothing the caller knows of."""
    verdict = judge_text('{"value": {"name": 1.5}}', REVIEW, Repair.OFF, wrapped=True)
    assert isinstance(verdict, InvalidText)
    assert [problem.path for problem in verdict.problems] == [("name",)]


def test_mends_do_not_choose_between_examples():
    """Of two documents amid prose that would have to be mended, none is the answer."""
    text = 'As in {"name": 1}, so {"name": 2}.'
    assert isinstance(judge_text(text, REVIEW, Repair.LENIENT, wrapped=False), InvalidText)
    assert isinstance(judge_text(text[:18], REVIEW, Repair.LENIENT, wrapped=False), ValidText)


@pytest.mark.parametrize("later", ['{"name": 1}', '{"name": "y", "x": 1}'])
def test_a_draft_that_is_replaced_is_not_the_answer(later: str):
    """Also where what replaces it is not valid; what says something else replaces nothing."""
    draft = 'Perhaps {"name": "x"}, no, better: '
    for level in LEVELS[:3]:
        assert judge_text(draft + later, REVIEW, level, wrapped=False) != ValidText(
            '{"name": "x"}', {"name": "x"}, (Step("prose_removed"),)
        )
    kept = judge_text(draft + '{"because": 1}', REVIEW, Repair.OFF, wrapped=False)
    assert isinstance(kept, ValidText)


def test_mends_work_in_the_wrapper():
    """What is in the wrapper is mended like any document."""
    schema = admit({"type": "array", "items": {"type": "integer"}}, name="x")
    verdict = judge_text('{"value": [1, "2"]}', schema, Repair.LOSSLESS, wrapped=True)
    steps = (Step("string_to_number", "/1"),)
    assert verdict == ValidText("[1, 2]", [1, 2], steps)


@given(values, dumps, around, st.sampled_from(LEVELS), st.booleans())
def test_every_document_is_found_unchanged(value, dump, frame, level, wrapped):
    """However a value is serialised, alone or framed, it comes out as it went in."""
    document = dump({"value": value} if wrapped else [value])
    verdict = judge_text(frame.replace("{}", document), ANYTHING, level, wrapped=wrapped)
    assert isinstance(verdict, ValidText)
    expected = value if wrapped else [value]
    assert json.dumps(verdict.value, sort_keys=True) == json.dumps(expected, sort_keys=True)
    assert wrapped or verdict.text == document.strip()


@settings(max_examples=400)
@given(scraps, st.sampled_from(SCHEMAS), st.sampled_from(LEVELS), st.booleans())
def test_nothing_invalid_and_nothing_invented(
    text: str, schema: Schema, level: Repair, wrapped: bool
):
    """Whatever the text: no exception, no invalid document, no name that the text has not."""
    verdict = judge_text(text, schema, level, wrapped=wrapped)
    if isinstance(verdict, ValidText):
        assert schema.is_valid(verdict.value)
        assert parse_json(verdict.text) == verdict.value
        assert all(name.strip().lower() in unescaped(text) for name in names(verdict.value))
    else:
        assert not (verdict.problems and verdict.reason)


@settings(max_examples=200)
@given(st.text(), st.sampled_from(LEVELS))
def test_any_text_has_a_verdict(text: str, level: Repair):
    """No text makes the judge raise."""
    assert isinstance(judge_text(text, REVIEW, level, wrapped=False), ValidText | InvalidText)


@given(values.filter(holds_document), dumps, st.sampled_from(["", "So: ", "```json\n"]), st.data())
def test_no_prefix_is_the_document(value, dump, head, data):
    """A document that breaks off is not accepted, at any level, nor is anything inside it."""
    document = dump(value).strip()
    cut = data.draw(st.integers(0, len(document) - 1))
    for level in LEVELS:
        verdict = judge_text(head + document[:cut], ANYTHING, level, wrapped=False)
        assert isinstance(verdict, InvalidText)


@pytest.mark.parametrize(
    "piece",
    [
        *("[", "{", '{"', "{'a':", "```\n", "```json\n{", "<think>", '{"a/*'),
        *("</think>", "{a:</think>", '{"</think>', '{}"a":', "]{},", "{{"),
    ],
)
def test_hostile_repetition(piece: str):
    """Texts that drive a backtracking or a rescanning reader mad are read in one pass."""
    verdict = judge_text(piece * 20_000, REVIEW, Repair.LENIENT, wrapped=False)
    assert isinstance(verdict, InvalidText)


# --- one document, mended ------------------------------------------------------------------------


def mended(text: str, schema: Schema, level: Repair) -> ValidText | None:
    found = judge_text(text, schema, level, wrapped=False)
    return found if isinstance(found, ValidText) else None


def test_everything_else_keeps_the_models_characters():
    """Spacing, order, escapes and the spelling of numbers outside the mend stay."""
    text = '{"rating" :"4.50",\n  "tags": [ "g\\u006fod","BAD" ], "name":"\\/"}'
    found = mended(text, REVIEW, Repair.LOSSLESS)
    assert found is not None
    assert found.text == ('{"rating" :4.50,\n  "tags": [ "g\\u006fod","bad" ], "name":"\\/"}')


def test_many_values_are_mended():
    """More problems than a report would list are no obstacle."""
    schema = admit({"type": "array", "items": {"type": "integer"}}, name="x")
    found = mended(json.dumps([str(number) for number in range(900)]), schema, Repair.LOSSLESS)
    assert found is not None
    assert parse_json(found.text) == list(range(900))
    assert len(found.steps) == 900


def test_what_shows_in_what_was_mended():
    """Another round finds it: the string that holds an object, and what is wrong in that."""
    inner = {"properties": {"n": {"type": "integer"}}, "required": ["n"]}
    schema = admit({"properties": {"o": {"type": "object"} | inner}}, name="x")
    found = mended('{"o": "{\\"n\\": \\"5\\"}"}', schema, Repair.LOSSLESS)
    assert found is not None
    assert found.text == '{"o": {"n": 5}}'


def test_two_readings_are_left_alone():
    """None of them is taken, however often that occurs."""
    item = {"anyOf": [{"const": "a"}, {"const": "A"}]}
    schema = admit({"type": "array", "items": item}, name="x")
    assert mended(json.dumps([" a"] * 100), schema, Repair.LENIENT) is None


def test_deep_indentation_is_no_runaway():
    """Blanks without end stop a stream; in a text that has ended they are layout."""
    schema = admit({"type": "array", "items": {"type": "integer"}}, name="x")
    found = mended("[" + "\n" * 200 + '"5"]', schema, Repair.LOSSLESS)
    assert found is not None
    assert found.text == "[" + "\n" * 200 + "5]"


@given(values, st.sampled_from(SCHEMAS), st.sampled_from([Repair.LOSSLESS, Repair.LENIENT]))
def test_what_is_mended_is_valid_and_has_no_new_names(value: Any, schema: Schema, level: Repair):
    """Whatever the value, a mended one is valid, and its names differ in case and blanks alone."""
    found = mended(json.dumps(value), schema, level)
    if found is not None:
        assert schema.is_valid(parse_json(found.text))
        held = json.dumps(value, ensure_ascii=False).lower()
        assert all(
            json.dumps(name.lower(), ensure_ascii=False)[1:-1] in held
            for name in names(parse_json(found.text))
        )
        dropped = any(step.name == LenientRepair.DROPPED for step in found.steps)
        assert level is Repair.LENIENT or not dropped


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1}',
        '{"a": "1"}',
        '{"a": "x"}',
        "{'A': 1,}",
        'Well: {"a": 1} or {"a": 2}?',
        '```json\n{"a": "7"}\n```',
        '{"a": 1',
        "nothing",
    ],
)
def test_a_budget_never_changes_a_verdict(text):
    """However little there is: the same verdict, or none; at most an explanation is left out, or a
    mend that would have needed it, and then the problem says so."""
    schema = admit({"properties": {"a": {"type": "integer"}}, "required": ["a"]}, name="s")
    enough = Work()
    expected = judge_text(text, schema, Repair.LOSSLESS, wrapped=False, work=enough)
    verdicts = []
    for budget in range(enough.spent + 1):
        with suppress(WorkSpent):
            work = Work(budget)
            verdicts.append(judge_text(text, schema, Repair.LOSSLESS, wrapped=False, work=work))
    may_lack = (isinstance(expected, ValidText) and expected.steps) or (
        isinstance(expected, InvalidText) and expected.problems
    )
    unexplained = InvalidText((UNEXPLAINED,), "", unfinished=False)
    for verdict in verdicts:
        assert verdict == expected or (may_lack and verdict == unexplained)


def test_many_documents_are_several():
    """However many there are, and whatever they are."""
    verdict = judge_text("[]" * 100_000, ANYTHING, Repair.LOSSLESS, wrapped=False)
    assert verdict == InvalidText((), SEVERAL, unfinished=False)
