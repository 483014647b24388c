"""What a schema refers to. The refusals are in test_inspection.py."""

import pytest

from strictgate.core.schema.drafts import Draft
from strictgate.core.schema.references import schema_graph, with_encoded_uris


def target(document, draft=Draft.DRAFT_2020_12):
    """Return where the root's property `a` leads."""
    nodes = {node.path: node for node in schema_graph(document, draft)}
    return nodes["properties", "a"].target.path


def refers(reference, **rest):
    return {"properties": {"a": {"$ref": reference}}, **rest}


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (refers("#"), ()),
        (refers(""), ()),
        (refers("#/$defs/x", **{"$defs": {"x": {}}}), ("$defs", "x")),
        (refers("#/$defs/a~1b~0c%20d", **{"$defs": {"a/b~c d": {}}}), ("$defs", "a/b~c d")),
        (refers("#/allOf/0", allOf=[{}]), ("allOf", 0)),
        (refers("#/elsewhere/x", elsewhere={"x": {}}), ("elsewhere", "x")),
        (refers("#n", **{"$defs": {"x": {"$anchor": "n"}}}), ("$defs", "x")),
        (refers("#n", **{"$defs": {"x": {"$dynamicAnchor": "n"}}}), ("$defs", "x")),
        (refers("y.json", **{"$defs": {"x": {"$id": "y.json"}}}), ("$defs", "x")),
        (refers("urn:x:y", **{"$defs": {"x": {"$id": "urn:x:y"}}}), ("$defs", "x")),
        (refers("urn:x:y#/not", **{"$id": "urn:x:y", "not": {}}), ("not",)),
        (refers("app://h/b", **{"$id": "app://h/a", "$defs": {"x": {"$id": "b"}}}), ("$defs", "x")),
        (refers("/r", **{"$id": "http://h.invalid/p/q", "not": {"$id": "../r"}}), ("not",)),
        (
            refers("b.json#n", **{"$defs": {"x": {"$id": "b.json", "not": {"$anchor": "n"}}}}),
            ("$defs", "x", "not"),
        ),
    ],
)
def test_what_references_name(document, path):
    """Pointers, anchors and embedded URIs, resolved against the base where they stand."""
    assert target(document) == path


def test_draft_4_has_id():
    """In draft 4 `id` names a schema, and `$id` is nothing."""
    document = refers("#n", definitions={"x": {"id": "#n"}, "y": {"$id": "#n"}})
    assert target(document, Draft.DRAFT_4) == ("definitions", "x")


def test_ref_stands_alone_up_to_draft_7():
    """Up to draft 7 what is beside `$ref` does not apply, but can be referred to."""
    document = {"$ref": "#/definitions/x", "not": {}, "definitions": {"x": {}}}
    old, new = (
        schema_graph(document, draft)[0].in_place for draft in (Draft.DRAFT_7, Draft.DRAFT_2019_09)
    )
    assert [node.path for node in old] == [("definitions", "x")]
    assert [node.path for node in new] == [("not",), ("definitions", "x")]


def test_a_dynamic_reference_may_lead_to_each_of_its_anchors():
    """Which one is only known from the way there, so all are counted with."""
    document = {
        "$defs": {"a": {"$dynamicAnchor": "n"}, "b": {"$id": "b", "$dynamicAnchor": "n"}},
        "items": {"$dynamicRef": "#n"},
    }
    nodes = {node.path: node for node in schema_graph(document, Draft.DRAFT_2020_12)}
    assert {node.path for node in nodes[("items",)].in_place} == {("$defs", "a"), ("$defs", "b")}


def test_the_own_meta_schema_is_known():
    """The official meta-schema of the draft may be referred to."""
    nodes = schema_graph(
        {"$ref": "https://json-schema.org/draft/2020-12/schema"}, Draft.DRAFT_2020_12
    )
    assert nodes[0].refers_to_meta_schema


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("#/$defs/a%20b", "#/$defs/a%20b"),
        ("#/$defs/List<Item>", "#/$defs/List%3CItem%3E"),
        ("#/$defs/a b", "#/$defs/a%20b"),
        ("#/$defs/100%", "#/$defs/100%25"),
        ("#/$defs/ä[0]#", "#/$defs/%C3%A4%5B0%5D%23"),
    ],
)
def test_references_are_encoded(uri, expected):
    """Names that people write as they are, encoded as RFC 3986 has it, in a copy."""
    document = {"not": {"$ref": uri}, "const": {"$ref": "a b"}}
    assert with_encoded_uris(document) == {"not": {"$ref": expected}, "const": {"$ref": "a b"}}
    assert document["not"]["$ref"] == uri
