"""What comes out of the compiler."""

from strictgate.core.grammar.grammar import Grammar, NotExpressible


def test_a_refusal_has_its_reason():
    """As a sentence goes on: the schema cannot be had as a grammar, because …"""
    assert NotExpressible("it is too deep").reason == "it is too deep"


def test_grammars_are_values():
    """Equal ones are equal."""
    assert Grammar("start: any", frozenset(), 0) == Grammar("start: any", frozenset(), 0)
