"""The report as a PDF, with the fonts that every viewer has; reportlab is imported on first use."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from shield_core.analysis.about import About


def render_pdf(analysis: Mapping[str, Any], about: About) -> bytes:
    """Write a report as a PDF.

    Args:
        analysis: of `report.analyze`, or read back from its JSON.
        about: what else is known.

    Returns:
        The file; the same for the same arguments.
    """
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415  - reportlab takes a fifth of a second to import

    file = BytesIO()
    canvas = Canvas(file, invariant=1)
    for line, test in enumerate(analysis["tests"]):
        canvas.drawString(50, 780 - 16 * line, f"{test['name']}: {test['value']}")
    canvas.drawString(50, 500, (about.file_name or "").encode("latin-1", "replace").decode("latin-1"))
    canvas.save()
    return file.getvalue()
