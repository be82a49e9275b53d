"""The report as one page of HTML: no script, no outside request, readable on a screen, on paper and by a reader."""

from collections.abc import Mapping
from html import escape
from typing import Any

from shield_core.analysis.about import About


def render_html(analysis: Mapping[str, Any], about: About) -> str:
    """Write a report as HTML.

    Args:
        analysis: of `report.analyze`, or read back from its JSON.
        about: what else is known.

    Returns:
        A whole document, UTF-8.
    """
    rows = "".join(
        f"<tr><th>{escape(t['name'])}</th><td>{escape(str(t['value']))}</td></tr>" for t in analysis["tests"]
    )
    name = escape(about.file_name or "Picture")
    return f"<!doctype html><html lang=en><meta charset=utf-8><title>{name}</title><table>{rows}</table></html>"
