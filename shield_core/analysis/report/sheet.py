"""The report as a PDF, with the fonts that every viewer has; reportlab is imported on first use."""

from collections.abc import Mapping
from typing import Any

from shield_core.analysis.report.about import About
from shield_core.analysis.report.contents import write


def render_pdf(analysis: Mapping[str, Any], about: About) -> bytes:
    """Write a report as a PDF.

    Args:
        analysis: of `report.analyze`, or read back from its JSON.
        about: what else is known; names may be hostile.

    Returns:
        The file; the same for the same arguments.
    """
    from shield_core.analysis.report import typesetting  # noqa: PLC0415  - reportlab takes a quarter of a second to import

    return typesetting.set_pages(write(analysis, about), analysis)
