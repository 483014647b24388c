"""The drafts, and where subschemas live."""

import jsonschema_rs
import pytest

from strictgate.core.schema.drafts import (
    DEFAULT,
    META_SCHEMAS,
    Draft,
    choose_draft,
    choose_undeclared_draft,
    draft_of_uri,
    subschemas,
    walk_subschemas,
)

D4, D6, D7, D2019 = Draft.DRAFT_4, Draft.DRAFT_6, Draft.DRAFT_7, Draft.DRAFT_2019_09


def test_labels_are_what_people_write():
    """A draft is named by its number or its date."""
    assert [draft.label for draft in Draft] == ["4", "6", "7", "2019-09", "2020-12"]


@pytest.mark.parametrize(
    ("uri", "draft"),
    [(uri, draft) for draft, uri in META_SCHEMAS.items()]
    + [(uri + "#", draft) for draft, uri in META_SCHEMAS.items()]
    + [(uri.replace("http:", "https:"), draft) for draft, uri in META_SCHEMAS.items()]
    + [("http://json-schema.org/schema#", DEFAULT), ("json-schema.org/draft-07/schema", D7)]
    + [("http://json-schema.org/draft-04/hyper-schema#", D4)]
    + [("http://example.com/schema", None), ("", None), (7, None), (None, None), (["x"], None)],
)
def test_declared_drafts(uri, draft):
    """Known with http or https, with and without `#`; anything else is not known."""
    assert draft_of_uri(uri) is draft


def test_names_and_data_are_not_walked():
    """A property called `$ref` holds a schema; what is under `enum` or `const` is data."""
    document = {
        "properties": {"$ref": {"title": "a"}, "enum": {"title": "b"}},
        "enum": [{"properties": {"x": {}}}],
        "const": {"not": {}},
        "default": {"not": {}},
        "examples": [{"items": {}}],
    }
    paths = [path for path, _ in walk_subschemas(document)]
    assert paths == [(), ("properties", "$ref"), ("properties", "enum")]


def test_all_shapes_are_walked_in_order():
    """A schema, a list, either, schemas by name: each where its keyword has it."""
    document = {"items": [{}, True], "allOf": [{}], "dependencies": {"a": ["b"], "c": {}}}
    found = [path for path, _, _ in subschemas(document)]
    assert found == [("items", 0), ("items", 1), ("allOf", 0), ("dependencies", "c")]


@pytest.mark.parametrize(
    "document",
    [{"properties": [{}]}, {"allOf": {}}, {"not": [{}]}, {"items": 5}, {"$defs": {"a": 5}}],
)
def test_wrong_shapes_hold_nothing(document):
    """What the meta-schema will refuse does not confuse the walk."""
    assert not list(subschemas(document))


@pytest.mark.parametrize(
    ("least", "document", "draft"),
    [
        (D4, {"type": "string"}, D4),
        (D4, {"properties": {"a": {"const": 1}}}, D6),
        (D4, {"exclusiveMinimum": 5}, D6),
        (D4, {"properties": {"a": True}}, D6),
        (D4, {"additionalProperties": False}, D4),
        (D4, {"required": []}, D6),
        (D6, {"if": {}, "then": {}}, D7),
        (D7, {"dependentRequired": {"a": ["b"]}}, D2019),
        (D7, {"prefixItems": [{}]}, Draft.DRAFT_2020_12),
        (D7, {"prefixItems": [{}], "items": [{}]}, D7),
        (D7, {"properties": {"const": {}}, "enum": [{"prefixItems": 1}]}, D7),
    ],
)
def test_newer_keywords_are_not_switched_off(least, document, draft):
    """The oldest draft that knows what is used; the declared one where that cannot be."""
    assert choose_draft(document, least)[0] is draft


def test_old_spellings_are_rewritten_in_a_copy():
    """`id` and boolean exclusive limits keep their meaning in the newer draft."""
    document = {"id": "http://x.invalid/", "minimum": 3, "exclusiveMinimum": True, "const": 4}
    _, written = choose_draft(document, D4)
    assert written == {"$id": "http://x.invalid/", "exclusiveMinimum": 3, "const": 4}
    assert document["minimum"] == 3
    validator = jsonschema_rs.Draft6Validator({**written, "const": 3})
    assert not validator.is_valid(3)


def test_named_ids_become_anchors():
    """`$id: "#name"` of draft 7 is `$anchor` since 2019-09."""
    document = {"definitions": {"a": {"$id": "#n"}, "b": {"$id": "u#m"}}, "minContains": 0}
    _, written = choose_draft(document, D7)
    assert written["definitions"] == {"a": {"$anchor": "n"}, "b": {"$anchor": "m", "$id": "u"}}


def test_the_declared_meta_schema_complains():
    """What no draft accepts is reported against the declared one."""
    with pytest.raises(jsonschema_rs.ValidationError, match="foo"):
        choose_draft({"type": "foo", "const": 1}, D4)


@pytest.mark.parametrize(
    ("document", "draft", "written"),
    [
        ({"items": [{}]}, D2019, {"items": [{}]}),
        ({"minimum": 3, "exclusiveMinimum": True}, DEFAULT, {"exclusiveMinimum": 3}),
        (
            {"items": [{"maximum": 3, "exclusiveMaximum": False}]},
            D2019,
            {"items": [{"maximum": 3}]},
        ),
        ({"id": "x", "const": 1}, DEFAULT, {"id": "x", "const": 1}),
    ],
)
def test_old_spellings_need_no_declaration(document, draft, written):
    """Where the newest draft does not take them; `id` is a word like any other."""
    assert choose_undeclared_draft(document) == (draft, written)


@pytest.mark.parametrize("document", [{"items": [{}], "prefixItems": [{}]}, {"type": "text"}])
def test_what_no_draft_takes_is_refused(document):
    """By the newest meta-schema, also where an older draft would not know the keyword."""
    with pytest.raises(jsonschema_rs.ValidationError):
        choose_undeclared_draft(document)
