"""Schemas of health and readiness."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class Checks(BaseModel):
    database: Literal["ok", "down"]
    object_store: Literal["ok", "down"]
    redis: Literal["ok", "down"]
    workers: Annotated[Literal["ok", "down"], Field(description="`down` where none was seen for 60 s")]


class Readiness(BaseModel):
    """`down` only for the database, the object store or a shutdown; without Redis or workers it is `degraded`."""

    status: Literal["ok", "degraded", "down"]
    checks: Checks
