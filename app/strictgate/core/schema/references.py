"""The schemas of a document and their references, as a graph.

A reference may lead to anything in the document itself, by `#`, a JSON Pointer (RFC 6901), an
`$anchor`, a `$dynamicAnchor` or an embedded `$id`; relative URIs are resolved against their base as
in RFC 3986. It may also lead to the official meta-schema of the document's draft. Nothing is ever
fetched: the validator would do so by default, and so any other reference is refused here.

The nodes of the graph are the schemas that are objects. An edge leads to a subschema, or to the
target of a reference, and says whether this applies in place or to a child value. cost.py reads the
graph for loops and for the cost.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urldefrag, urljoin, urlsplit

from strictgate.core.jsontext.pointer import Path
from strictgate.core.schema.drafts import (
    KEYWORD_SINCE,
    META_SCHEMAS,
    Applicator,
    Draft,
    subschemas,
    walk_subschemas,
)
from strictgate.core.schema.limits import SchemaFault
from strictgate.core.value_type import value_type

_DEFAULT_BASE = "http://document.invalid/"
"""The base URI of a document without `$id`. RFC 2606 reserves `.invalid`, so nobody has it."""
_SAFE = "%:/?@!$&'()*+,;=~"
_PART = r"(?:[\w\-.~:/?@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*"
_LEGAL = re.compile(f"{_PART}(?:#{_PART})?", re.ASCII)
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_DYNAMIC = {"$dynamicRef": "$dynamicAnchor", "$recursiveRef": "$recursiveAnchor"}


@dataclass(slots=True, eq=False)
class Node:
    """A schema object at its place in the document."""

    path: Path
    schema: dict[str, Any]
    base: str
    """The URI that its references are relative to, without fragment."""
    in_place: list["Node"] = field(default_factory=list)
    """The schemas that it applies to the same value, targets of references included."""
    children: list[tuple[Path, "Node"]] = field(default_factory=list)
    """The schemas that it applies to parts of the value, each with the keyword, and the name or
    index below it."""
    target: "Node | None" = None
    """The target of its `$ref`; None without one, or if that is a boolean or a meta-schema."""
    is_mere_reference: bool = False
    """Whether its `$ref` switches off the keywords beside it, as up to draft 7."""
    refers_to_meta_schema: bool = False

    @property
    def successors(self) -> list["Node"]:
        """Every node that an edge leads to."""
        return self.in_place + [child for _, child in self.children]


def schema_graph(document: Any, draft: Draft) -> list[Node]:
    """Return the nodes of `document`, the root first; a boolean has none.

    Raises:
        SchemaFault: a reference leads outside the document, or to nothing.
    """
    if not isinstance(document, dict):
        return []
    index = _Index(draft)
    index.add(document, (), _DEFAULT_BASE)
    # The list grows meanwhile: a JSON Pointer may lead to a schema where no keyword holds one.
    for node in index.nodes:
        for keyword in ("$ref", *_DYNAMIC):
            if keyword in node.schema and index.knows(keyword):
                found = index.targets(node, keyword)
                node.in_place += found
                if keyword == "$ref" and found:
                    node.target = found[0]
    return index.nodes


def with_encoded_uris(document: Any) -> Any:
    """Return `document` with its URIs percent-encoded as in RFC 3986; a copy if that changes any.

    References such as `#/definitions/List<Item>` are common, and the validator refuses them.
    """
    if all(_LEGAL.fullmatch(schema[keyword]) for schema, keyword in _uris(document)):
        return document
    copy = deepcopy(document)
    for schema, keyword in _uris(copy):
        schema[keyword] = _encoded_uri(schema[keyword])
    return copy


def _uris(document: Any) -> Iterator[tuple[dict[str, Any], str]]:
    for _, schema in walk_subschemas(document):
        for keyword in ("$id", "$ref", "$dynamicRef", "id"):
            if isinstance(schema.get(keyword), str):
                yield schema, keyword


def _encoded_uri(uri: str) -> str:
    resource, separator, fragment = uri.partition("#")
    quoted = quote(resource, safe=_SAFE) + separator + quote(fragment, safe=_SAFE)
    return _STRAY_PERCENT.sub("%25", quoted)


class _Index:
    """The schemas of a document, by their identity, their URIs and their anchors."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.nodes: list[Node] = []
        self._known: dict[int, Node] = {}
        self._named: dict[str, list[Node]] = defaultdict(list)
        """By absolute URI, with the anchor as its fragment. Two schemas of one name are an error,
        but only if a reference uses the name."""
        self._dynamic: dict[tuple[str, Any], list[Node]] = defaultdict(list)

    def knows(self, keyword: str) -> bool:
        """Whether `keyword` is a reference in this draft."""
        if keyword == "$recursiveRef":
            return self.draft is Draft.DRAFT_2019_09
        return self.draft >= KEYWORD_SINCE.get(keyword, Draft.DRAFT_4)

    def add(self, schema: dict[str, Any], path: Path, base: str) -> Node:
        """Add `schema` and all schemas in it; return the node of `schema`."""
        first = self._known[id(schema)] = Node(path, schema, base)
        waiting = [first]
        while waiting:
            node = waiting.pop()
            self.nodes.append(node)
            node.is_mere_reference = self.draft.ref_stands_alone and "$ref" in node.schema
            # Up to draft 7, an `$id` beside `$ref` counts for nothing, but the root has a name
            # anyway.
            if not node.path or not node.is_mere_reference:
                self._name(node)
            waiting += reversed(list(self._grow(node)))
        return first

    def _grow(self, node: Node) -> Iterator[Node]:
        """Link `node` to the schemas in it; yield those that are new."""
        is_linked = not node.is_mere_reference
        for step, applicator, schema in subschemas(node.schema):
            if not isinstance(schema, dict):
                continue
            child = self._known.get(id(schema))
            if child is None:
                child = self._known[id(schema)] = Node(node.path + step, schema, node.base)
                yield child
            if is_linked and applicator is Applicator.IN_PLACE:
                node.in_place.append(child)
            elif is_linked and applicator is Applicator.CHILD:
                node.children.append((step, child))

    def _name(self, node: Node) -> None:
        """Enter `node` under the URI and the anchors that it gives itself."""
        if not node.path:
            self._named[node.base].append(node)
        uri = node.schema.get(self.draft.id_keyword)
        if isinstance(uri, str):
            absolute, anchor = _absolute(node, uri, self.draft.id_keyword)
            if absolute != node.base:
                node.base = absolute
                self._named[absolute].append(node)
            if anchor and self.draft <= Draft.DRAFT_7:
                self._named[f"{absolute}#{anchor}"].append(node)
        for keyword in ("$anchor", "$dynamicAnchor"):
            name = node.schema.get(keyword)
            if isinstance(name, str) and self.draft >= Draft.DRAFT_2019_09:
                self._named[f"{node.base}#{name}"].append(node)
        for keyword in _DYNAMIC.values():
            if node.schema.get(keyword):
                self._dynamic[keyword, str(node.schema[keyword])].append(node)

    def targets(self, node: Node, keyword: str) -> list[Node]:
        """Return the schemas that the reference `keyword` of `node` may lead to.

        A dynamic reference may lead to any schema with the same dynamic anchor, depending on how
        the validator has come to it (core section 8.2.3.2). All of them are returned.
        """
        reference = node.schema[keyword]
        absolute, fragment = _absolute(node, reference, keyword)
        target = self._target(node, keyword, absolute, unquote(fragment))
        if target is None:
            return []
        name = target.schema.get(_DYNAMIC.get(keyword, ""))
        if name is True or (name and name == unquote(fragment)):
            return self._dynamic[_DYNAMIC[keyword], str(name)]
        return [target]

    def _target(self, node: Node, keyword: str, absolute: str, fragment: str) -> Node | None:
        """Return the schema at `absolute#fragment`; None if it is a boolean or a meta-schema."""
        fault = _ReferenceFaults(node, keyword)
        resources = self._named.get(absolute, [])
        if not resources and self._is_meta_schema(absolute):
            node.refers_to_meta_schema = True
            return None
        if not resources:
            raise fault.outside()
        if len(resources) > 1:
            raise fault.ambiguous()
        if not fragment:
            return resources[0]
        if fragment.startswith("/"):
            return self._at_pointer(resources[0], fragment, fault)
        anchored = {id(each): each for each in self._named.get(f"{absolute}#{fragment}", [])}
        if not anchored:
            raise fault.missing()
        if len(anchored) > 1:
            raise fault.ambiguous()
        return next(iter(anchored.values()))

    def _is_meta_schema(self, uri: str) -> bool:
        official = META_SCHEMAS[self.draft]
        return uri == official or (
            self.draft >= Draft.DRAFT_2019_09
            and uri.startswith(official.removesuffix("schema") + "meta/")
        )

    def _at_pointer(self, node: Node, pointer: str, fault: "_ReferenceFaults") -> Node | None:
        """Follow a JSON Pointer (RFC 6901) from `node`; return None if it leads to a boolean."""
        value: Any = node.schema
        path, base = node.path, node.base
        for token in pointer.split("/")[1:]:
            step = _step(value, token.replace("~1", "/").replace("~0", "~"))
            if step is None:
                raise fault.missing()
            value, path = value[step], (*path, step)
            base = self._known[id(value)].base if id(value) in self._known else base
        if isinstance(value, bool):
            return None
        if not isinstance(value, dict):
            raise fault.not_a_schema()
        return self._known.get(id(value)) or self.add(value, path, base)


@value_type
class _ReferenceFaults:
    """What can be wrong with the reference `keyword` of `node`."""

    node: Node
    keyword: str

    def _fault(self, message: str, code: str) -> SchemaFault:
        reference = self.node.schema[self.keyword]
        where = (*self.node.path, self.keyword)
        return SchemaFault(message.format(f"'{reference}'"), where, code)

    def outside(self) -> SchemaFault:
        message = "reference to {}, which is outside the schema: references are not fetched."
        return self._fault(message, "remote_ref")

    def missing(self) -> SchemaFault:
        message = "reference to component {} which was not found in the schema."
        return self._fault(message, "unresolved_ref")

    def ambiguous(self) -> SchemaFault:
        return self._fault("reference to {}, a name that two schemas have.", "ambiguous_ref")

    def not_a_schema(self) -> SchemaFault:
        return self._fault("reference to {}, which is not a schema.", "unresolved_ref")


def _step(value: Any, token: str) -> str | int | None:
    """Return the key or the index that a token of a JSON Pointer selects; None if there is none."""
    match value:
        case dict() if token in value:
            return token
        case list() if token.isascii() and token.isdecimal() and len(token) < 10:
            return int(token) if int(token) < len(value) and str(int(token)) == token else None
        case _:
            return None


def _absolute(node: Node, reference: Any, keyword: str) -> tuple[str, str]:
    """Return the absolute URI of a reference in `node`, and its fragment."""
    where = (*node.path, keyword)
    if not isinstance(reference, str):
        raise SchemaFault(f"'{keyword}' must be a string.", where)
    try:
        absolute, fragment = urldefrag(_joined(node.base, reference))
    except ValueError as error:
        raise SchemaFault(f"'{reference}' is not a URI reference.", where) from error
    return absolute, fragment


def _joined(base: str, reference: str) -> str:
    """Resolve `reference` against `base`.

    `urljoin` resolves relative references for a few schemes only, where RFC 3986 treats all alike.
    So the scheme is replaced by http meanwhile.
    """
    if reference.startswith("#"):
        return base + reference
    scheme, separator, rest = base.partition("://")
    if not separator or urlsplit(reference).scheme:
        return urljoin(base, reference)
    return scheme + urljoin(f"http://{rest}", reference).removeprefix("http")
