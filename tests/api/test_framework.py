"""FastAPI's import, and pydantic after it."""

from fastapi.openapi.models import Contact
from pydantic import BaseModel

from strictgate.api.framework import FastAPI


def test_a_model_works_once_it_is_used():
    """FastAPI's own are built late, and are right."""
    assert Contact(name="Rico").name == "Rico"
    assert FastAPI().openapi()["info"]["title"] == "FastAPI"


def test_other_models_are_built_as_ever():
    """Pydantic's configuration is as it was."""
    assert "defer_build" not in BaseModel.model_config
