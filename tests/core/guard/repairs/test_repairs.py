"""Mends at a violation: a table of mistakes, and what must hold however the text arrives."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.grammar import compiler
from strictgate.core.guard import grammar_matcher
from strictgate.core.guard.guard import Guard
from strictgate.core.guard.judge_text import InvalidText, judge_text
from strictgate.core.guard.repairs.repairs import WAIT, Repaired, repair_violation
from strictgate.core.jsontext.reader import parse_json
from strictgate.core.repair_steps import Repair, Step, SyntaxRepair
from strictgate.core.schema.schema import Schema, admit
from tests.core.guard.test_judge_text import REVIEW, SCHEMAS, names, scraps, unescaped, values
from tests.tables import cases, label

ENGINES = ["grammar", "tracker"]


@dataclass(frozen=True)
class Read:
    """What became of a text."""

    text: str
    steps: tuple[tuple[str, str], ...]
    is_complete: bool
    rest: bytes


@lru_cache
def machine(schema: str) -> grammar_matcher.CompiledGrammar:
    return grammar_matcher.load_grammar(compiler.compile_grammar(admitted(schema)))


@lru_cache
def admitted(schema: str) -> Schema:
    return admit(json.loads(schema), name="x")


def guard(schema: Any, engine: str) -> Guard:
    text = json.dumps(schema)
    return Guard(admitted(text), machine(text) if engine == "grammar" else None)


def read(guard: Guard, pieces: Iterable[bytes], level: Repair, floor: int = 0) -> Read:
    """Feed the pieces to `guard` and mend what it refuses, for as long as that gets on."""
    ahead, steps, result = b"", [], None
    for piece, final in [*((each, False) for each in pieces), (b"", True)]:
        ahead += piece
        while ahead and not guard.is_closed() and result is not Ellipsis:
            ahead = ahead[guard.consume(ahead) :]
            if not ahead or guard.is_complete():
                break
            result = repair_violation(guard, ahead, level, final=final, floor=floor)
            if not isinstance(result, Repaired):
                result = None if result is WAIT and not final else Ellipsis
                break
            ahead = ahead[result.used :]
            steps += [(step.name, step.path) for step in result.steps]
    return Read(guard.text.decode().rstrip(), tuple(steps), guard.is_complete(), ahead.lstrip())


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("group", "test"), cases("guard_mends"), ids=label)
def test_table(group: dict[str, Any], test: dict[str, Any], engine: str):
    """Text and steps are those of the table; what has two readings stays refused."""
    text, level = test["text"].encode(), Repair(group["level"])
    found = read(guard(group["schema"], engine), [text], level)
    assert found.is_complete == ("document" in test)
    if found.is_complete:
        assert found.text == test["document"]
        assert set(found.steps) == {tuple(step) for step in test["steps"]}


@pytest.mark.parametrize(("group", "test"), cases("guard_mends"), ids=label)
def test_agreement_with_the_judge_of_whole_documents(group: dict[str, Any], test: dict[str, Any]):
    """The same document and steps as where the whole text is there, but where the table says why
    not."""
    schema = admitted(json.dumps(group["schema"]))
    verdict = judge_text(test["text"], schema, Repair(group["level"]), wrapped=False)
    if isinstance(verdict, InvalidText):
        same = "document" not in test
    else:
        steps = {(step.name, step.path) for step in verdict.steps}
        told = {tuple(step) for step in test.get("steps", ())}
        same = verdict.text == test.get("document") and steps == told
    assert same == ("judge" not in test), verdict


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("group", "test"), cases("guard_mends"), ids=label)
def test_every_split(group: dict[str, Any], test: dict[str, Any], engine: str):
    """Cut in two anywhere, or into single bytes, the text gives the same."""
    text, level = test["text"].encode(), Repair(group["level"])
    whole = read(guard(group["schema"], engine), [text], level)
    single = [text[at : at + 1] for at in range(len(text))]
    assert read(guard(group["schema"], engine), single, level) == whole
    for cut in range(1, len(text)):
        assert read(guard(group["schema"], engine), [text[:cut], text[cut:]], level) == whole


@pytest.mark.parametrize("engine", ENGINES)
@given(text=scraps, schema=st.sampled_from(SCHEMAS), level=st.sampled_from(Repair), data=st.data())
def test_any_text(engine: str, text: str, schema: Schema, level: Repair, data: st.DataObject):
    """What comes out complete is valid, has no new names, and does not depend on the splits."""
    raw = text.encode()
    whole = read(guard(schema.source, engine), [raw], level)
    cuts = data.draw(st.lists(st.integers(0, len(raw)), max_size=4).map(sorted))
    pieces = [raw[start:end] for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    assert read(guard(schema.source, engine), pieces, level) == whole
    if whole.is_complete:
        value = parse_json(whole.text)
        assert schema.is_valid(value)
        held = unescaped(text)
        assert all(unescaped(name).strip() in held for name in names(value))


@pytest.mark.parametrize("engine", ENGINES)
@given(value=values, level=st.sampled_from(Repair), data=st.data())
def test_what_is_out_stays(engine: str, value: Any, level: Repair, data: st.DataObject):
    """No byte before the floor is taken back; where there is nothing to mend, nothing is done."""
    document = {"rating": "4.5", "x": value, "tags": "GOOD", "more": None, "Name": 5}
    subject = guard(REVIEW.source, engine)
    ahead = json.dumps(document, ensure_ascii=False).encode()
    floor = 0
    while ahead:
        ahead = ahead[subject.consume(ahead) :]
        floor = data.draw(st.integers(floor, len(subject.text)))
        out = subject.text[:floor]
        result = repair_violation(subject, ahead, level, final=True, floor=floor) if ahead else None
        assert subject.text[:floor] == out
        if not isinstance(result, Repaired):
            break
        ahead = ahead[result.used :]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("text", ['{"a": "x"y"}', '{"a": x}', '{"a": 1, "a": 2}', '{"b": "x'])
def test_the_guard_stands_where_it_stood(text: str, engine: str):
    """Where there is no mend the guard is as before: it can go on differently."""
    schema = {"type": "object", "properties": {"a": {"type": ["string", "integer"]}}}
    subject = guard(schema | {"additionalProperties": False}, engine)
    ahead = text.encode()
    while (taken := subject.consume(ahead)) or ahead:
        ahead, before = ahead[taken:], subject.text
        result = repair_violation(subject, ahead, Repair.LENIENT, final=True, floor=0)
        if not isinstance(result, Repaired):
            break
        ahead = ahead[result.used :]
    assert result is None
    assert subject.text == before


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("text", ['{"b": "x",}', '{"a": "1.5"}'])
def test_what_follows_must_fit(text: str, engine: str):
    """A comma before a bracket that comes too early stays, a number that will not do is none."""
    properties = {"a": {"type": "integer"}, "b": {"type": "string"}}
    schema = {"type": "object", "properties": properties, "required": ["a"]}
    subject = guard(schema | {"additionalProperties": False}, engine)
    ahead = text.encode()
    ahead = ahead[subject.consume(ahead) :]
    before = subject.text
    assert repair_violation(subject, ahead, Repair.LOSSLESS, final=True, floor=0) is None
    assert subject.text == before


@pytest.mark.parametrize("engine", ENGINES)
def test_text_that_is_out_already_may_be_mended_behind_it(engine: str):
    """In a string only what follows the floor must change, not all of it."""
    subject = guard({"type": "object", "properties": {"a": {"type": "string"}}}, engine)
    ahead = b'{"a": "he said "hi" to me"}'
    ahead = ahead[subject.consume(ahead) :]
    assert repair_violation(subject, ahead, Repair.SYNTAX, final=True, floor=16) is None
    mended = repair_violation(subject, ahead, Repair.SYNTAX, final=True, floor=15)
    assert mended == Repaired(len(b'hi" to me"'), (Step(SyntaxRepair.UNESCAPED_QUOTE),))
    assert subject.text == b'{"a": "he said \\"hi\\" to me"'


@pytest.mark.parametrize(
    ("text", "waits"),
    [
        ("{'a", True),
        ("{'a'", True),
        ("{'a':", False),
        ('{"a": 1 /', True),
        ('{"a": 1 / ', False),
        ('{"a": "x" "', True),
        ('{"a": Tru', True),
        ('{"a": \u00a0', True),
        ('{"a": "\\d', False),
        ("{'" + "a" * 600, True),
        ("{'" + "a" * 66000, False),
        ('{"a": +' + "1" * 600, False),
    ],
)
def test_waiting(text: str, waits: bool):
    """More text is asked for only where it may tell, and not for ever."""
    subject = guard({"type": "object"}, "tracker")
    ahead = text.encode()
    ahead = ahead[subject.consume(ahead) :]
    result = repair_violation(subject, ahead, Repair.SYNTAX, final=False, floor=0)
    assert (result is WAIT) == waits
    assert repair_violation(subject, ahead, Repair.SYNTAX, final=True, floor=0) is not WAIT
