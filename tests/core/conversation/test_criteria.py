"""What a conversation judges by, and the grammars of it."""

from strictgate.core.conversation.criteria import Criteria
from strictgate.core.conversation.protocol import Compile
from strictgate.core.repair_steps import Repair
from strictgate.core.schema.schema import admit
from strictgate.core.work import Work
from tests.core.guards import PERSON
from tests.core.talks import MOOD

SCHEMA = admit(PERSON, name="s")


def loaded(criteria, schema, grammar=None):
    """The turns that loading the grammar takes."""
    turns, load = [], criteria.grammars.load(schema, criteria.work)
    try:
        turns.append(next(load))
        load.send(grammar)
    except StopIteration:
        return turns


def test_a_grammar_is_counted_once():
    """So much for each subschema, whether or not the gateway has it; or there is none."""
    criteria = Criteria(SCHEMA, Repair.LOSSLESS)
    loaded(criteria, SCHEMA)
    once = criteria.work.spent
    assert once >= SCHEMA.inspected.nodes
    loaded(criteria, SCHEMA)
    assert criteria.work.spent == once
    poor = Criteria(SCHEMA, Repair.LOSSLESS, work=Work(once - 1))
    assert loaded(poor, SCHEMA) == []
    assert poor.grammars.of(SCHEMA) is None
    assert poor.work.spent == 0


def test_a_grammar_is_asked_for_once():
    """The second time it is there; another schema has another one."""
    criteria = Criteria(SCHEMA, Repair.LOSSLESS)
    assert not criteria.grammars.has(SCHEMA)
    assert loaded(criteria, SCHEMA) == [Compile(SCHEMA)]
    assert loaded(criteria, SCHEMA) == []
    assert criteria.grammars.has(SCHEMA)
    other = admit(MOOD, name="m")
    assert loaded(criteria, other) == [Compile(other)]


def test_new_documents_are_empty():
    """Each has a guard of its own."""
    criteria = Criteria(SCHEMA, Repair.LOSSLESS)
    loaded(criteria, SCHEMA)
    first = criteria.new_document(SCHEMA)
    first.guard.consume(b'{"name"')
    assert (len(first), len(criteria.new_document(SCHEMA))) == (7, 0)


def test_criteria_share_no_grammars():
    """Those of one conversation are not another's."""
    first, second = (Criteria(SCHEMA, Repair.OFF) for _ in range(2))
    loaded(first, SCHEMA)
    assert not second.grammars.has(SCHEMA)
    assert first == second
