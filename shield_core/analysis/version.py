"""The version of what is measured and how it is judged. It stands apart, so that a gateway reads it without kernels."""

from typing import Final

VERSION: Final = 1
"""Raised when a number, a rule or the shape of the report changes: results of another version are computed anew."""
