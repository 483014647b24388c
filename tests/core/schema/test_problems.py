"""What is wrong with a value, in Groq's words."""

import json

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strictgate.core.jsontext.pointer import pointer
from strictgate.core.schema import problems
from strictgate.core.schema.problems import MAX_SENTENCE, first_problems, most_specific
from strictgate.core.schema.schema import admit
from tests.tables import load

CASES = load("problems")
NAMES = st.sampled_from(["", "0", "00", "1", "01", "+1", "-1", "a", "~", "/"])
VALUES = st.recursive(
    st.integers(0, 3),
    lambda inner: st.dictionaries(NAMES, inner, max_size=4) | st.lists(inner, max_size=3),
)
UNFORESEEN = {
    *("BacktrackLimitExceeded", "RegexEngineFailure"),  # of an engine that is not used
    *("FromUtf8", "Referencing"),  # of features that are not used
}
"""Kinds of failure that cannot come, and so have no words."""


def found(source, value, limit=10):
    return admit(source, name="x").problems(value, limit)


def test_the_first_problems():
    """As many in each branch of a union, too."""
    wrong = {"allOf": [{"properties": {name: {"type": "null"}}} for name in "abc"]}
    problem, *_ = found({"items": {"anyOf": [wrong, wrong]}}, [{"a": 1, "b": 2, "c": 3}] * 3)
    (first,) = first_problems([problem, problem], 1)
    assert [len(branch) for branch in problem.branches] == [3, 3]
    assert first.branches == tuple(branch[:1] for branch in problem.branches)


@pytest.mark.parametrize("case", CASES, ids=lambda case: json.dumps(case["schema"])[:60])
def test_words(case):
    """One sentence for each problem, shallow ones first, unions last."""
    assert [each.sentence for each in found(case["schema"], case["value"])] == case["sentences"]


def test_every_kind_has_words():
    """The validator's kinds of failure are all foreseen."""
    kinds = {name for name in vars(jsonschema_rs.ValidationErrorKind) if name[0].isupper()}
    assert kinds == problems.MESSAGES.keys() | UNFORESEEN


@settings(deadline=None)
@given(VALUES)
def test_paths_lead_to_what_is_wrong(value):
    """Numeric and empty names, which the validator blurs, are told apart by what is there."""
    source = {"type": ["object", "array"], "additionalProperties": {"$ref": "#"}}
    source["items"] = {"$ref": "#"}
    for problem in found(source, value, 100):
        part = value
        for step in problem.path:
            part = part[step]
        assert isinstance(part, int)


def test_pointers_are_escaped():
    """`~` and `/` as RFC 6901 has them."""
    assert pointer(["a/b", "~", 0, ""]) == "/a~1b/~0/0/"


def test_the_number_of_problems_is_limited():
    """Ten of a hundred, unless more are wanted; missing properties count as one."""
    source = {"items": {"type": "string"}, "required": list("abc")}
    assert len(found(source, [1] * 100)) == 10
    assert len(found(source, [1] * 100, 3)) == 3
    assert len(found(source, {}, 1)[0].expected) == 3


def test_the_number_of_problems_in_a_branch_is_limited():
    """As many as outside of unions."""
    source = {"anyOf": [{"items": {"type": "string"}}, {"type": "null"}]}
    assert [len(each) for each in found(source, [1] * 100)[0].branches] == [10, 1]
    assert [len(each) for each in found(source, [1] * 100, 50)[0].branches] == [50, 1]


def test_long_values_make_short_sentences():
    """A wrong value of megabytes is cut."""
    (problem,) = found({"pattern": "^b"}, "a" * 5_000_000)
    assert len(problem.sentence) <= MAX_SENTENCE


def test_the_leaf_of_a_union_is_the_branch_that_came_closest():
    """The branch that got furthest into the value says most."""
    source = {
        "anyOf": [
            {"type": "string"},
            {
                "properties": {
                    "kind": {"const": "a"},
                    "n": {"anyOf": [{"type": "null"}, {"type": "string"}]},
                }
            },
        ]
    }
    (problem,) = found(source, {"kind": "a", "n": 1})
    assert (most_specific(problem).path, most_specific(problem).kind) == (("n",), "Type")


def test_unions_inside_each_other_do_not_overflow():
    """A recursive union is told of down to some depth."""
    value = 1
    for _ in range(128):
        value = {"a": value}
    source = {"anyOf": [{"type": "null"}, {"properties": {"a": {"$ref": "#"}}, "type": "object"}]}
    (problem,) = found(source, value)
    assert most_specific(problem).kind in {"AnyOf", "Type"}


def test_a_problem_knows_its_keyword():
    """The last step of the schema's path, if there is one."""
    assert found({"type": "string"}, 1)[0].keyword == "type"
    assert found(False, 1)[0].keyword == ""


def test_many_missing_names_are_one_problem():
    """All of them are named, in their order, however many there are."""
    names = [f"p{at}" for at in range(3_000)]
    (problem,) = admit({"required": names}, name="s").problems({})
    assert problem.expected == names
    assert problem.message.startswith("missing properties: 'p0', 'p1', ")
    assert problem.message.endswith(", 'p2999'")
