"""The model's own next choice, where a reply was stopped."""

from strictgate.core.guard.next_choice import leave_repeated, replace_refused, replace_undeclared
from strictgate.core.repair_steps import Resumption, Step
from tests.core.guard.test_logprob_steering import entry
from tests.core.guards import draft, reading

TAGS = {"type": "array", "items": {"type": "string"}}


def read(made, *entries):
    """Feed a token for each entry."""
    for each in entries:
        made.tokens.feed(each["token"].encode(), [each])
        made.feed(each["token"])
    return made


def test_a_refused_token_is_replaced():
    """By what the guard allows, with the step; a string that is wrong as a whole stays."""
    made = read(reading(), entry('{"mood": "'), entry("happy", "calm"))
    assert replace_refused(made)
    assert made.draft.text == '{"mood": "calm'
    assert made.draft.steps == [Step(Resumption.STEERED, "/mood")]
    unlike = {"type": "string", "not": {"const": "bad"}}
    made = read(reading(draft(unlike), bare=True), entry('"'), entry("bad"), entry('"', "x"))
    assert not replace_refused(made)


def test_repetition_is_left():
    """With the step; where nothing repeats itself, nothing is done."""
    made = read(reading(draft(TAGS)), entry("["), *[entry('"CREATE_TYPE", ', '"x"]')] * 30)
    assert leave_repeated(made)
    assert made.draft.text == '["CREATE_TYPE", "x"]'
    assert made.draft.steps == [Step(Resumption.UNREPEATED, "")]
    made = read(reading(draft(TAGS)), entry("["), *[entry('"CREATE_TYPE", ', '"x"]')] * 3)
    assert not leave_repeated(made)


def test_an_undeclared_name_is_replaced():
    """With the step; what the caller has stays."""
    words = (entry('{"'), entry("kind", "name"), entry('":'))
    made = read(reading(draft({"properties": {"name": {}}})), *words)
    assert replace_undeclared(made)
    assert made.draft.text == '{"name'
    assert made.draft.steps == [Step(Resumption.DECLARED, "")]
    made = read(reading(draft({"properties": {"name": {}}})), *words)
    made.draft.release(4)
    assert not replace_undeclared(made)
    assert made.draft.text == '{"kind":'
    assert not replace_undeclared(reading())


def test_a_name_that_matches_no_pattern_is_not_written_on():
    """The model has ended it; where names are listed, more of it may be one of them."""
    words = (entry('{"x-a": 1, "'), entry("x"), entry('":', "-y", "y"))
    by_pattern = {"patternProperties": {"^x-": {}}, "additionalProperties": False}
    made = read(reading(draft(by_pattern)), *words)
    assert not replace_refused(made)
    assert made.draft.text == '{"x-a": 1, "x'
    listed = {"properties": {"x-a": {}, "xy": {}, "xz": {}}, "additionalProperties": False}
    assert replace_refused(read(reading(draft(listed)), *words))


def test_a_name_that_the_object_has_is_not_written_on():
    """A declared one that the model weighed takes its place; without, it is taken back."""
    words = (entry('{"name": "a", "'), entry("name", "kind", "age"), entry('":', "_of", "2"))
    schema = {"properties": {"name": {"type": "string"}, "age": {"type": "integer"}}}
    made = read(reading(draft(schema)), *words)
    assert replace_refused(made)
    assert made.draft.text == '{"name": "a", "age'
    assert made.draft.steps == [Step(Resumption.STEERED, "")]
    made = read(reading(draft({})), *words)
    assert not replace_refused(made)
    assert made.draft.text == '{"name": "a", "name'
    made = read(reading(draft(schema)), *words)
    made.draft.released = len('{"name": "a", "name')
    assert not replace_refused(made)
