"""FastAPI, imported without building its OpenAPI models.

Pydantic would make a validator for each of some fifty of them, at a third of what importing FastAPI
costs. Nothing asks for them here: the application has no OpenAPI document. A model that is used all
the same is built then.
"""

from pydantic import BaseModel

BaseModel.model_config["defer_build"] = True  # every model takes its bases' configuration
try:
    from fastapi import FastAPI, Response
    from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
finally:
    del BaseModel.model_config["defer_build"]

__all__ = ["AsyncExitStackMiddleware", "FastAPI", "Response"]
