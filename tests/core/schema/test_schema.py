"""Schemas: admitted, compiled, kept."""

import socket

import pytest

from strictgate.core.errors import BadRequest, SchemaTooComplex
from strictgate.core.schema.drafts import META_SCHEMAS
from strictgate.core.schema.error_context import function_context
from strictgate.core.schema.limits import Limits
from strictgate.core.schema.schema import Formats, SchemaCache, admit, describe

DRAFT_4 = "http://json-schema.org/draft-04/schema#"


def test_an_admitted_schema():
    """The source less `$schema`, its text in the order given, the draft, the root."""
    given = {
        "$schema": DRAFT_4,
        "type": "object",
        "properties": {"b": {}, "a": {"type": "integer"}},
    }
    schema = admit(given, name="x")
    assert schema.source == {key: value for key, value in given.items() if key != "$schema"}
    assert schema.text == '{"type":"object","properties":{"b":{},"a":{"type":"integer"}}}'
    assert (schema.draft, schema.is_object_root) == ("4", True)
    assert not schema.is_valid({"a": 1.0})  # to draft 4 that is no integer


def test_booleans_are_schemas():
    """`true` takes everything, `false` nothing."""
    assert admit(True, name="x").is_valid(1)
    assert not admit(False, name="x").is_valid(1)


@pytest.mark.parametrize("draft", ["draft-04", "draft-06", "draft-07"])
def test_the_verdict_on_a_pattern_does_not_depend_on_the_draft(draft):
    """A bracket that closes nothing is a character, though old meta-schemas do not like it."""
    source = {"$schema": f"http://json-schema.org/{draft}/schema#", "pattern": r"^\[\d]$"}
    schema = admit(source, name="x")
    assert schema.is_valid("[1]")
    (problem,) = schema.problems("1")
    assert (problem.kind, problem.expected) == ("Pattern", r"^\[\d]$")


def test_an_old_declaration_does_not_switch_newer_keywords_off():
    """`const` in a document that declares draft 4 is enforced."""
    schema = admit({"$schema": DRAFT_4, "properties": {"a": {"const": 1}}}, name="x")
    assert schema.draft == "6"
    assert not schema.is_valid({"a": 2})


def test_big_integers_are_exact():
    """Beyond 64 bits, in the schema and in the value."""
    schema = admit({"const": 10**30}, name="x")
    assert schema.is_valid(10**30)
    assert not schema.is_valid(10**30 + 1)


def test_a_valid_value_has_no_problems():
    """And an invalid one has at least one."""
    schema = admit({"type": "string"}, name="x")
    assert schema.problems("a") == ()
    assert schema.problems(1)


@pytest.mark.parametrize("draft", list(META_SCHEMAS))
def test_one_mistake_among_many_parts_is_explained(draft):
    """What is valid in a recursive union takes no explanation, in whatever draft."""
    union = [{"properties": {"op": {"enum": [op]}, "of": {"$ref": "#/items"}}} for op in "abcdefgh"]
    source = {"$schema": META_SCHEMAS[draft], "items": {"items": {"anyOf": union}}}
    for branch in union:
        branch["additionalProperties"] = False
    schema = admit(source, name="x")
    part = [{"op": "a", "of": [{"op": "b", "of": []} for _ in range(500)]}]
    (problem,) = schema.problems([part, [part[0] | {"of": [{"op": "?"}]}]])
    assert (problem.kind, problem.path) == ("AnyOf", (1, 0))


def test_refusals_name_the_surface():
    """The same schema on another surface is refused in other words."""
    with pytest.raises(BadRequest, match="Invalid schema for function 'y'") as caught:
        admit({"type": "foo"}, name="y", context=function_context(1))
    assert (caught.value.param, caught.value.code) == (
        "tools[1].function.parameters",
        "invalid_function_parameters",
    )


def test_the_validator_s_own_refusals_are_answers():
    """What only the compiler finds is a refusal too, never a crash."""
    with pytest.raises(BadRequest, match="Invalid schema for response_format 'x'"):
        admit({"$id": "http://[::/", "type": "string"}, name="x")


@pytest.mark.parametrize("uri", ["http://{0}/x", "https://{0}/x", "//{0}/x", "http://{0}"])
def test_nothing_is_fetched(uri):
    """A listener that references point at is never called."""
    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.setblocking(False)
        uri = uri.format("{}:{}".format(*canary.getsockname()))
        for schema in ({"$ref": uri}, {"$id": uri, "$ref": "y"}, {"$schema": uri}):
            with pytest.raises(BadRequest):
                admit(schema, name="x")
        admit({"enum": [{"$ref": uri}], "x": {"$ref": uri}, "$id": uri}, name="x").is_valid(1)
        with pytest.raises(BlockingIOError):
            canary.accept()


def test_description():
    """What will be enforced, and how."""
    source = {
        "$schema": DRAFT_4,
        "items": {"anyOf": [{"pattern": "^a"}, {"format": "uuid"}, {"format": "color"}]},
    }
    found = describe(admit(source, name="x"))
    assert (found.draft, found.root_is_wrapped, found.bytes) == ("4", True, 75)
    assert (found.nodes, found.depth, found.cost, found.patterns) == (9, 4, 5, 1)
    assert (found.formats_asserted, found.formats_annotated) == (("uuid",), ("color",))
    lax = describe(admit(source, name="x", formats=Formats.ANNOTATE))
    assert (lax.formats_asserted, lax.formats_annotated) == ((), ("color", "uuid"))


@pytest.mark.parametrize("source", [False, {"enum": []}, {"not": {}}, {"not": True}])
def test_what_lets_nothing_pass_is_refused_for_use(source):
    """It is a schema, but no answer to a request could meet it."""
    assert not admit(source, name="x").is_valid({})
    with pytest.raises(BadRequest, match="no document can be valid against this schema"):
        SchemaCache(10**6, Limits()).get(source, name="x")


def test_what_is_switched_off_refuses_nothing():
    """Beside `$ref`, in old drafts; nor does a schema that forbids something."""
    old = "http://json-schema.org/draft-07/schema#"
    source = {"$schema": old, "$ref": "#/definitions/a", "enum": [1], "definitions": {"a": True}}
    cache = SchemaCache(10**6, Limits())
    for each in (source, source | {"not": {}}, {"not": {"type": "string"}}, True, {}):
        assert cache.get(each, name="x").is_valid({})


def test_the_cache_keeps_by_bytes():
    """The same bytes give the same schema; another order of properties is another schema."""
    cache = SchemaCache(1 << 20, Limits())
    first = cache.get({"type": "object", "title": "a"}, name="x")
    assert cache.get({"type": "object", "title": "a"}, name="y") is first
    assert cache.get({"title": "a", "type": "object"}, name="x") is not first
    assert (
        cache.get({"type": "object", "title": "a"}, name="x", formats=Formats.ANNOTATE) is not first
    )
    assert len(cache) == 3


@pytest.mark.parametrize(("one", "other"), [(1, 1.0), (1, True), (0, False), ("1", 1)])
def test_the_cache_does_not_confuse_what_python_calls_equal(one, other):
    """1, 1.0 and true are different JSON."""
    cache = SchemaCache(1 << 20, Limits())
    assert cache.get({"const": one}, name="x") is not cache.get({"const": other}, name="x")


def test_the_cache_drops_what_was_used_longest_ago():
    """Room is counted in bytes; a schema that is bigger than all of it is not kept."""
    first, second, third = ({"title": each} for each in "abc")
    room = admit(first, name="x").inspected.weight * 5 // 2
    cache = SchemaCache(room, Limits())
    kept = cache.get(first, name="x")
    gone = cache.get(second, name="x")
    assert cache.get(first, name="x") is kept
    cache.get(third, name="x")
    assert cache.get(first, name="x") is kept
    assert cache.get(second, name="x") is not gone
    cache.get({"title": "d" * room}, name="x")
    assert len(cache) == 2


def test_refusals_are_cached():
    """With the name given; each is raised anew, as one that is raised holds who asked."""
    cache, raised, sizes = SchemaCache(1 << 20, Limits(depth=2)), [], []
    for name in "xyxy":
        with pytest.raises(SchemaTooComplex, match=f"'{name}'") as error:
            cache.get({"not": {"not": {}}}, name=name)
        raised.append(error.value)
        sizes.append(cache.size)
    assert not len(cache)
    assert sizes[0] < sizes[1] == sizes[2] == sizes[3]
    assert len({*map(id, raised)}) == 4
    assert raised[0].body() == raised[2].body()


@pytest.mark.parametrize("levels", [300, 100_000])
def test_the_cache_survives_depth(levels):
    """What is too deep for its key is refused by the limits."""
    schema = {}
    for _ in range(levels):
        schema = {"not": schema}
    with pytest.raises(SchemaTooComplex, match="levels of nesting"):
        SchemaCache(1 << 20, Limits()).get(schema, name="x")


def test_what_has_no_key_is_admitted_all_the_same():
    """Integers beyond 64 bits."""
    cache = SchemaCache(1 << 20, Limits())
    assert cache.get({"const": 10**30}, name="x").is_valid(10**30)
    assert not len(cache)
