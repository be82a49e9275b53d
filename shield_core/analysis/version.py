"""The version of the analysis, in a module of its own so that the gateway reads it without importing kernels."""

from typing import Final

VERSION: Final = 1
"""Increased when a number, a rule or the shape of the report changes: older results are then computed again."""
