"""What the functions of the keywords share."""

from strictgate.core.grammar.conjunction import Subjects
from strictgate.core.grammar.context import Context
from strictgate.core.schema.schema import admit


def test_what_is_late_is_noted_in_one_place():
    """By the subjects and by the functions of the keywords alike."""
    subjects = Subjects(admit({"not": {"type": "null"}}, name="x").inspected)
    context = Context(subjects, True, lambda subject: None)
    context.unsupported_keywords.add("format")
    assert context.unsupported_keywords is subjects.unsupported_keywords
