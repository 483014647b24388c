"""The tables: each field is described."""

import ast
import inspect

from strictgate.core.request.options import Enforcement
from strictgate.settings.loading import Settings
from strictgate.settings.upstreams import Model, Upstream


def test_every_field_is_described():
    """Each field has a sentence."""
    for table in (Upstream, Model, *(type(value) for _, value in Settings())):
        for name, field in getattr(table, "model_fields", {}).items():
            assert field.description, name
    (table,) = ast.parse(inspect.getsource(Enforcement)).body
    for field, text in zip(table.body[1::2], table.body[2::2], strict=True):
        assert isinstance(field, ast.AnnAssign)
        assert isinstance(text.value.value, str), field.target.id
