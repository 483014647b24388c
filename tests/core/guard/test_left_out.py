"""Members that a valid document lacks, though the request tells them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.guard.left_out import LeftOut, adds_what_is_told, left_out, weighs_more
from strictgate.core.guard.logprob_steering import LogprobTokens
from strictgate.core.guard.token_scores import TokenScores
from strictgate.core.guard.told_names import told_names
from tests.core.guards import draft

INNER = {"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "integer"}}}
SCHEMA = {
    "type": "object",
    "properties": {"a": {}, "b": {}, "in": INNER, "l": {"type": "array", "items": INNER}},
    "anyOf": [{"$ref": "#/$defs/o"}, {"properties": {"p": {}}}],
    "$defs": {"o": {"properties": {"o": {}}}},
}


def entry(token, *others, logprob=-0.1):
    tops = [{"token": text, "logprob": math.log(share)} for text, share in others]
    return {"token": token, "logprob": logprob, "top_logprobs": tops}


def scored(*entries):
    """The scores of a document that is made of these tokens, and its text."""
    tokens, scores = LogprobTokens(), TokenScores()
    for each in entries:
        tokens.feed(each["token"].encode(), [each])
    text = "".join(each["token"] for each in entries).encode()
    scores.write(0, len(text), tokens, 0)
    return scores, text


def document(*entries):
    scores, text = scored(*entries)
    made = draft(SCHEMA, text.decode())
    made.scores = scores
    return made


@pytest.mark.parametrize(
    ("entries", "start", "weighs"),
    [
        ([entry('{"a":"x'), entry('"}', ('",', 0.4))], 8, True),
        ([entry('{"a":"x'), entry('"}', ('",', 0.001))], 8, False),
        ([entry('{"a":"x'), entry('"}', ('"', 0.4))], 8, False),
        ([entry('{"a":"x'), entry('"', ('",', 0.002)), entry("}", (",", 0.3))], 8, True),
        ([entry('{"a":"x'), entry('"', logprob=-4), entry("}", (",", 0.3))], 8, False),
        ([entry('{"a":1'), entry("\n"), entry("}", ("\n ,", 0.2))], 6, True),
        ([entry('{"a":1'), entry("}", ("1,", 0.2))], 6, False),
        ([entry('{"a":'), entry("1}", ("1,", 0.2))], 6, True),
        ([entry('{"a":'), entry("1}", ("2,", 0.2))], 6, False),
    ],
)
def test_what_the_model_weighed(entries, start, weighs):
    """Of all tokens from the last value's end to the bracket, one that has a comma instead."""
    scores, text = scored(*entries)
    assert weighs_more(scores, text, start, len(text)) is weighs
    assert not weighs_more(TokenScores(), text, start, len(text))


END = entry("}", (",", 0.3))


@pytest.mark.parametrize(
    ("said", "told", "found"),
    [
        (['{"a":1'], "a: 1\nb: 2", LeftOut((), "b", 6)),
        (['{"a":"é"'], "a: é\nb: 2", LeftOut((), "b", 9)),
        (['{"a":1'], "a: 1", None),
        (['{"a":1,"b":2'], "a: 1\nb: 2", None),
        (['{"a":1'], "c: 1", None),
        (["{"], "a: 1", None),
        (['{"in":{"x":1', "}", "}"], "in.x: 1\nin.y: 2", LeftOut(("in",), "y", 12)),
        (['{"in":{"x":1', "}", "}"], "in.x: 1\ny: 2", LeftOut(("in",), "y", 12)),
        (['{"l":[{"x":1', "}", "]", "}"], "l[0].y: 2", LeftOut(("l", 0), "y", 12)),
        (['{"l":[{"x":1', "}", "]", "}"], "l[1].y: 2", LeftOut(("l",), None, 13, length=2)),
        (['{"a":1'], "a: 1\no: 2", LeftOut((), "o", 6)),
        (['{"a":1'], "a: 1\np: 2", LeftOut((), "p", 6)),
        (
            ['{"l":[{"x":1', "}", "]", "}"],
            "l[0].x: 1\nl[1].x: 2",
            LeftOut(("l",), None, 13, length=2),
        ),
        (['{"l":[{"x":1', "}", "]", "}"], "l[0].x: 1", None),
        (['{"x":1'], "in.x: 1", LeftOut((), "in", 1, "x")),
        (['{"a":1,"x":1'], "a: 1\nin.x: 1", LeftOut((), "in", 6, "x")),
        (['{"a":1,"x":1'], "a: 1\nx: 1\nin.x: 1", LeftOut((), "in", 12)),
    ],
)
def test_what_is_left_out(said, told, found):
    """What is declared and told and not there: where the object ends, or in the place of what
    belongs into it."""
    tokens = [each if isinstance(each, dict) else entry(each) for each in said]
    tokens = [
        entry(each["token"], (",", 0.3)) if each["token"] in "}]" else each for each in tokens
    ]
    made = document(*tokens, *([] if said[-1] is END else [END]))
    assert left_out(made, told_names(told)) == found


def test_not_where_the_caller_has_the_end():
    """What went out stays, and so does what has no alternatives."""
    made = document(entry('{"a":1'), END)
    told = told_names("a: 1\nb: 2")
    made.released = 7
    assert left_out(made, told) is None
    made.released = 6
    assert left_out(made, told) == LeftOut((), "b", 6)
    assert left_out(draft(SCHEMA, '{"a":1}'), told) is None


TEXT = 'a: 1, b: 2, two, c, y, "say \\"two\\""'
B = LeftOut((), "b", 0)
WITHIN = LeftOut(("l", 0), "y", 0)
ITEM = LeftOut(("l",), None, 0, length=2)
MOVED = LeftOut((), "in", 0, "x")


@pytest.mark.parametrize(
    ("before", "after", "wanted", "adds"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, B, True),
        ({"a": 1}, {"a": 1}, B, False),
        ({"a": 1}, {"a": 2, "b": 2}, B, False),
        ({"a": 1}, {"b": 2}, B, False),
        ({"a": 1}, {"a": 1, "b": 77}, B, False),
        ({"a": 1}, {"a": 1, "b": 2, "c": 78}, B, False),
        ({"a": 1}, {"a": 1, "b": [True, None, "two"]}, B, True),
        ({"a": 1}, {"a": 1, "b": 'say "two"'}, B, True),
        ({"a": 1}, {"a": 1, "b": "c two"}, B, False),
        ({"a": 1}, {"a": True, "b": 2}, B, False),
        ({"a": [1]}, {"a": [1, 2], "b": 2}, B, True),
        ({"a": [1, 2]}, {"a": [1], "b": 2}, B, False),
        ({"a": 1}, [], B, False),
        ({"l": [{"x": 1}]}, {"l": [{"x": 1, "y": 2}]}, WITHIN, True),
        ({"l": [{"x": 1}]}, {"l": [{"x": 1}], "y": 2}, WITHIN, False),
        ({"l": [1]}, {"l": [1, 2]}, ITEM, True),
        ({"l": [1]}, {"l": [1, 77]}, ITEM, False),
        ({"l": [1]}, {"l": [1, 2, 2]}, ITEM, False),
        ({"l": [1]}, {"l": [1], "b": 2}, ITEM, False),
        ({"l": [1]}, {"b": 2}, ITEM, False),
        ({"x": 1}, {"in": {"x": 1}}, MOVED, True),
        ({"x": 1}, {"in": {"x": 2}}, MOVED, False),
        ({"x": 1}, {"in": {}}, MOVED, False),
        ({"x": 1}, {"in": {"x": 1}, "x": 1}, MOVED, False),
        ({"a": 1, "x": 1}, {"in": {"x": 1}}, MOVED, False),
    ],
)
def test_what_may_take_its_place(before, after, wanted, adds):
    """A document that has what was wanted, all that there was, and no more than is told."""
    assert adds_what_is_told(before, after, wanted, TEXT) is adds


documents = st.recursive(
    st.integers(0, 3) | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
)


def leaves(value, path=()):
    """Every value of a document that has no others in it, with its path."""
    if isinstance(value, dict | list):
        steps = value.items() if isinstance(value, dict) else enumerate(value)
        return {leaf for step, each in steps for leaf in leaves(each, (*path, step))}
    return {(path, type(value), value)}


@given(documents, documents)
def test_nothing_is_lost(before, after):
    """Whatever the model has made of it."""
    if adds_what_is_told(before, after, B, "0 1 2 3 a b c"):
        assert leaves(before) <= leaves(after)
        assert "b" in after
