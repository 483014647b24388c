"""The options: what is said of each field agrees with itself."""

from typing import Any, get_type_hints

import pytest
from pydantic import TypeAdapter

from strictgate.core.request.options import PROMPT_TEMPLATE, Enforcement, RequestOptions

HINTS = get_type_hints(Enforcement, include_extras=True)


@pytest.mark.parametrize("name", HINTS)
def test_the_default_is_one_that_may_be(name: str):
    """Each field's default is a value of its own type, within its bounds."""
    default: Any = getattr(Enforcement(), name)
    assert TypeAdapter(HINTS[name]).validate_python(default, strict=True) == default


def test_nothing_is_pinned_by_default():
    """What a request adds is nothing, unless its knobs say so."""
    assert RequestOptions().modes == ()


def test_the_template_has_a_place_for_the_schema():
    """It stands there once."""
    assert PROMPT_TEMPLATE.count("{schema}") == 1
