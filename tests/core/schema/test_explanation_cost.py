"""What it takes to explain an invalid value."""

import pytest

from strictgate.core.schema.explanation_cost import explanation_cost
from strictgate.core.schema.problems import UNEXPLAINED
from strictgate.core.schema.schema import admit
from strictgate.core.work import Work

EXPRESSION = {
    "anyOf": [
        {
            "type": "object",
            "properties": {"a": {"$ref": "#"}, "op": {"const": op}},
            "required": ["op"],
        }
        for op in "+-"
    ]
}
TREE = {"type": "object", "properties": {"a": {"allOf": [{"$ref": "#/$defs/t"}] * 2}}}
TWICE = {"$defs": {"t": TREE}, "$ref": "#/$defs/t"}


def nested(levels):
    value = 1
    for _ in range(levels):
        value = {"a": value}
    return value


def verdict(source, value):
    return explanation_cost(admit(source, name="x").inspected.root, value).is_affordable


@pytest.mark.parametrize("source", [EXPRESSION, TWICE])
def test_branching_recursion_is_explained_near_the_surface_only(source):
    """It doubles with each level: a few are explained, many are not."""
    assert verdict(source, nested(6))
    assert not verdict(source, nested(40))


def test_what_is_not_explained_is_still_judged():
    """One problem stands for all of them, at once."""
    schema = admit(EXPRESSION, name="x")
    assert schema.problems(nested(60)) == (UNEXPLAINED,)
    assert schema.problems(nested(3))[0].kind == "AnyOf"


def test_plain_recursion_is_explained_at_any_depth():
    """A list of lists does not double."""
    lists = {"type": "array", "items": {"$ref": "#"}}
    value = 1
    for _ in range(128):
        value = [value]
    assert verdict(lists, value)


def test_large_values_are_explained():
    """Many parts are not many visits of each."""
    source = {"items": {"properties": {"a": {"type": "string"}}, "required": ["a"]}}
    assert verdict(source, [{"a": at} for at in range(20_000)])


def test_doubling_without_recursion_is_not_explained():
    """Within the limit on cost, but far too much to tell."""
    defs = {f"d{at}": {"anyOf": [{"$ref": f"#/$defs/d{at + 1}"}] * 2} for at in range(15)}
    source = {"$defs": defs | {"d15": {"type": "null"}}, "$ref": "#/$defs/d0"}
    assert not verdict(source, 1)


def test_a_recursive_union_is_explained_for_few_nodes_only():
    """Eight branches, each of which visits the whole list again."""
    branches = [{"properties": {"op": {"const": op}}} for op in "abcdefgh"]
    for branch in branches:
        branch["properties"]["of"] = {"items": {"$ref": "#"}}
    leaves = [{"op": "?"}]
    assert verdict({"anyOf": branches}, {"op": "a", "of": leaves * 4})
    assert not verdict({"anyOf": branches}, {"op": "a", "of": [{"op": "?"} for _ in range(200)]})


def test_what_does_not_apply_is_not_counted():
    """Properties that are not there, indices out of range, keywords for other types."""
    source = {
        "$defs": {"t": TREE},
        "properties": {"b": {"$ref": "#/$defs/t"}},
        "prefixItems": [{}, {}],
        "items": {},
        "additionalProperties": {"propertyNames": {}},
    }
    for value in ({}, [], [1], {"a": {"b": 1}}, {"c": nested(40)}, 5, None):
        assert verdict(source, value)


def test_unevaluated_keywords_repeat_what_they_look_at():
    """Ten of them inside each other visit the innermost 59,049 times."""
    source = {"type": "null"}
    for _ in range(10):
        source = {"allOf": [source], "unevaluatedProperties": False}
    assert not verdict(source, 1)


def test_a_boolean_needs_no_effort():
    """`false` has nothing to visit."""
    assert admit(False, name="x").problems(1)[0].kind == "FalseSchema"


# --- the copies that errors hold -----------------------------------------------------------------


def cost(source, value):
    return explanation_cost(admit(source, name="x").inspected.root, value)


def test_errors_about_the_whole_are_counted_with_its_size():
    """Each of n wrong names is told with a copy of the object: that grows by the square of n."""
    names = {"propertyNames": {"pattern": "^[a-z]+$"}}
    few, many = ({f"N{at}": 1 for at in range(count)} for count in (50, 2_000))

    assert cost(names, few).is_affordable
    assert not cost(names, many).is_affordable
    assert cost(names, many).copies > 1000 * cost(names, few).copies
    assert cost(names, many).is_first_affordable


def test_the_first_problem_is_told_where_all_would_be_too_many():
    """It is named as it would be beside the others."""
    schema = admit({"propertyNames": {"pattern": "^[a-z]+$"}}, name="x")
    (problem,) = schema.problems({f"N{at}": 1 for at in range(20_000)})
    assert problem.kind == "PropertyNames"


def test_the_first_problem_of_a_plain_schema_is_told_at_any_size():
    """Whatever the count would come to; and what would mend all of them is told that it cannot."""
    schema = admit({"items": {"type": "integer"}}, name="x")
    few, many = schema.explain([1] * 150_000 + ["x"], 10_000)
    assert [(each.kind, each.path) for each in few] == [("Type", (150_000,))]
    assert many == (UNEXPLAINED,)


def test_what_is_read_is_the_beginning_of_what_is_mended():
    """Both come of one count."""
    schema = admit({"items": {"anyOf": [{"required": list("abc")}, {"type": "null"}]}}, name="x")
    work = Work()
    few, many = schema.explain([{}] * 30, 1_000, work)
    assert [each.path for each in few] == [each.path for each in many[:10]]
    assert len(many) == 30
    once = work.spent
    schema.problems([{}] * 30, work=work)
    assert work.spent == 2 * once


def test_all_or_none_are_given_to_who_mends():
    """One of many problems would be mended in vain, again and again."""
    schema = admit({"propertyNames": {"pattern": "^[a-z]+$"}}, name="x")
    assert schema.problems({f"N{at}": 1 for at in range(20_000)}, 10_000) == (UNEXPLAINED,)


def test_a_spent_budget_leaves_the_explanation_out():
    """The verdict stands, whatever is left."""
    schema = admit({"type": "string"}, name="x")
    assert schema.problems(5, work=Work(5)) == (UNEXPLAINED,)
    assert schema.problems("a", work=Work(5)) == ()


def test_a_union_holds_all_its_branches():
    """Its one error may be as large as those of all of them."""
    names = {"propertyNames": {"pattern": "^[a-z]+$"}}
    union = {"anyOf": [names, {"required": ["a"]}]}
    assert not cost(union, {f"N{at}": 1 for at in range(2_000)}).is_first_affordable


def test_options_are_part_of_an_error():
    """A wrong word is told with a copy of all that are right; a right one is not told."""
    source = {"items": {"enum": [f"word {at}" for at in range(5_000)]}}
    assert not cost(source, ["other"] * 100).is_affordable
    assert cost(source, ["word 7"] * 100).is_affordable


def test_what_is_right_is_not_copied():
    """Keywords that hold cost nothing, however large the parts are."""
    source = {
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "properties": {"a": {"type": "integer"}},
            "required": ["a"],
            "additionalProperties": False,
        },
    }
    assert cost(source, [{"a": at} for at in range(20_000)]).copies == 0
