"""What applies to one value, by the table `grammar_subjects`."""

import pytest

from tests.core.grammar.reader import check, description, groups


@pytest.mark.parametrize("group", groups("conjunction"), ids=description)
def test_the_grammar_reads_as_far_as_can_be_valid(group):
    """The unsupported keywords, the documents that are accepted, and the first refused byte."""
    check(group)
