"""What the functions of the keywords share."""

from strictgate.core.grammar.conjunction import ConjunctionBuilder
from strictgate.core.grammar.context import Context
from strictgate.core.schema.schema import admit


def test_unsupported_keywords_are_noted_in_one_place():
    """By the conjunctions and by the functions of the keywords alike."""
    conjunctions = ConjunctionBuilder(admit({"not": {"type": "null"}}, name="x").inspected)
    context = Context(conjunctions, True, lambda conjunction: None)
    context.unsupported_keywords.add("format")
    assert context.unsupported_keywords is conjunctions.unsupported_keywords
