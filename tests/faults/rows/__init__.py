"""The rows of the fault matrix of docs/explanation/reliability.md, in the order in which they run."""

from tests.faults.registry import MATRIX  # noqa: I001 -- rows register themselves, in the order of this import
from tests.faults.rows import (
    workers,
    redis,
    postgres,
    store,
    clients,
    hostile,
    surroundings,
    quota,
    audit,
    mail,
    elsewhere,
)

__all__ = [
    "MATRIX",
    "audit",
    "clients",
    "elsewhere",
    "hostile",
    "mail",
    "postgres",
    "quota",
    "redis",
    "store",
    "surroundings",
    "workers",
]
