"""The dialects of hosts, as data."""

from strictgate.core.schema.dialects import DIALECTS, FREE, PLAIN, Enums, Objects
from strictgate.core.schema.drafts import ANNOTATIONS, ENFORCED


def test_the_table_is_made_of_keywords():
    """A misspelt keyword would be refused by no host, and kept by none."""
    for dialect in DIALECTS.values():
        assert dialect.keeps <= ENFORCED | ANNOTATIONS
        assert dialect.formats is None or "format" in dialect.keeps
        assert dialect.min_items is None or "minItems" in dialect.keeps
        assert not dialect.notes or "description" in dialect.keeps


def test_the_plainest_is_taken_by_every_host():
    """What it says, each of the others can say."""
    plain = DIALECTS[PLAIN]
    for name, other in DIALECTS.items():
        assert plain.keeps <= other.keeps
        assert plain.objects is Objects.CLOSED
        assert {plain.refs, plain.recursion, plain.type_lists} == {False}
        assert plain.requires_all or not other.requires_all
        assert plain.needs_type or not other.needs_type, name


def test_the_freest_leaves_no_limit_out():
    """All that says something without conditions."""
    free = DIALECTS[FREE]
    assert all(other.keeps <= free.keeps for other in DIALECTS.values())
    assert free.objects is Objects.AS_WRITTEN
    assert free.enums is Enums.ANY


def test_without():
    """A limit is left out, what is part of the structure is put otherwise; the rest stays."""
    free = DIALECTS[FREE]
    assert free.without("minLength").keeps == free.keeps - {"minLength"}
    assert free.without("$defs") == free.without("$ref") != free
    assert not free.without("anyOf").unions
    assert free.without("additionalProperties").objects is Objects.UNSAID
    assert free.without("if") == free
