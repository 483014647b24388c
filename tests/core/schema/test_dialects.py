"""The dialects of hosts, as data."""

from strictgate.core.schema.dialects import DIALECTS, FREE, PLAIN, Enums, Objects, plainest
from strictgate.core.schema.drafts import ANNOTATIONS, ENFORCED


def test_the_table_is_made_of_keywords():
    """A misspelt keyword would be refused by no host, and kept by none."""
    for dialect in DIALECTS.values():
        assert dialect.keeps <= ENFORCED | ANNOTATIONS
        assert dialect.formats is None or "format" in dialect.keeps
        assert dialect.min_items is None or "minItems" in dialect.keeps
        assert not dialect.notes or "description" in dialect.keeps


def test_the_plainest_is_taken_by_every_host():
    """What it says, each of the others can say, what the host itself lacks left aside."""
    for name, other in DIALECTS.items():
        plain = plainest(other)
        assert plain.name == PLAIN
        assert plain.keeps <= other.keeps
        assert plain.objects in (Objects.CLOSED, other.objects)
        assert plain.objects is not Objects.CLOSED or other.objects is not Objects.UNSAID
        assert {plain.refs, plain.recursion, plain.type_lists} == {False}
        assert plain.requires_all or not other.requires_all
        assert plain.needs_type or not other.needs_type, name
        assert [*Enums].index(plain.enums) >= [*Enums].index(other.enums)
        assert plain.unions <= other.unions
        assert plain.sends_strict >= other.sends_strict
        assert plain.limits == other.limits


def test_the_plainest_of_an_unknown_host():
    """It is the table's own."""
    assert plainest(None) is DIALECTS[PLAIN]
    assert not plainest(DIALECTS["gemini"]).requires_all
    assert plainest(DIALECTS["anthropic"]).sends_strict


def test_types():
    """Of several types in one schema, one and null may be all that is taken."""
    databricks, openai, gemini = (DIALECTS[name] for name in ("databricks", "openai", "gemini"))
    for types, taken in (
        (["string"], [True, True, True]),
        (["string", "null"], [True, True, False]),
        (["string", "integer"], [False, True, False]),
        (["string", "integer", "null"], [False, True, False]),
    ):
        assert [each.takes_types(types) for each in (databricks, openai, gemini)] == taken


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
