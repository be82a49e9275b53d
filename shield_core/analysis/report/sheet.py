"""The report as a PDF with built-in fonts; reportlab is imported on first use."""

from collections.abc import Mapping
from typing import Any

from shield_core.analysis.report.about import About
from shield_core.analysis.report.contents import write


def render_pdf(analysis: Mapping[str, Any], about: About) -> bytes:
    """Write a report as a PDF.

    Args:
        analysis: of `document.analyze`, or read back from its JSON.
        about: context of the report; names may be hostile.

    Returns:
        The file; equal arguments give an equal file.
    """
    from shield_core.analysis.report import typesetting  # noqa: PLC0415  - reportlab takes a quarter of a second to import

    return typesetting.set_pages(write(analysis, about), analysis)
