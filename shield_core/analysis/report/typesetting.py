"""The pages of the PDF report. Only `sheet` imports this module, on first use: it needs reportlab.

The built-in fonts have the characters of Windows-1252. Other characters are written as escapes, so that none is lost or
drawn as a black box.
"""

from collections.abc import Mapping, Sequence
from html import escape
from io import BytesIO
from typing import Any, Final

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    KeepTogether,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from shield_core.analysis.report import figures
from shield_core.analysis.report.contents import Contents, Rows
from shield_core.analysis.report.figures import Area, Dots, Figure, Line, Text

_MARGIN: Final = 50.0
_PADDING: Final = 6.0  # the padding of reportlab's frames
_WIDTH: Final = A4[0] - 2 * _MARGIN
_PANEL: Final = _WIDTH / 3 - 12
_INK: Final = colors.HexColor(0x16161D)
_MUTED: Final = colors.HexColor(0x5C5C6B)
_HAIR: Final = colors.HexColor(0xE3E3EA)
_RAISED: Final = colors.HexColor(0xF4F4F8)
_COLORS: Final = {
    "original": colors.HexColor(0xB45309),
    "encrypted": colors.HexColor(0x5151CD),
    "line": _HAIR,
    "muted": _MUTED,
    "text": _INK,
}
_TONES: Final = {
    "as expected": colors.HexColor(0x14743A),
    "passed": colors.HexColor(0x14743A),
    "unusual": colors.HexColor(0xA15C07),
    "failed": colors.HexColor(0xB42335),
    "not tested": _MUTED,
}
_FAINT: Final = 0.28
_LEAST_PART: Final = 110.0

_BODY: Final = ParagraphStyle("body", fontName="Helvetica", fontSize=8.5, leading=12, textColor=_INK)
_SMALL: Final = ParagraphStyle("small", _BODY, fontSize=7.5, leading=10, textColor=_MUTED)
_ITEM: Final = ParagraphStyle("item", _BODY, leftIndent=10, spaceBefore=4)
_RIGHT: Final = ParagraphStyle("right", _BODY, alignment=2)
_HEAD: Final = ParagraphStyle("head", _SMALL)
_HEAD_RIGHT: Final = ParagraphStyle("head right", _SMALL, alignment=2)
_SECTION: Final = ParagraphStyle(
    "section", _BODY, fontName="Helvetica-Bold", fontSize=11, leading=15, spaceBefore=16, spaceAfter=4
)
_TITLE: Final = ParagraphStyle("title", _BODY, fontName="Helvetica-Bold", fontSize=18, leading=23, spaceAfter=2)
_LETTER: Final = ParagraphStyle("letter", _BODY, fontName="Helvetica-Bold", fontSize=44, leading=46)
_BOLD: Final = ParagraphStyle("bold", _BODY, fontName="Helvetica-Bold", fontSize=9.5, leading=13)


def set_pages(contents: Contents, analysis: Mapping[str, Any]) -> bytes:
    """Typeset a whole report.

    Args:
        contents: its text.
        analysis: its charts.
    """
    file = BytesIO()
    document = SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=_MARGIN - _PADDING,
        rightMargin=_MARGIN - _PADDING,
        topMargin=44,
        bottomMargin=48,
        title=_plain(f"Analysis of {contents.title}"),
        author="ImageShield",
        lang="en",
        invariant=1,  # the same text makes the same file
    )
    document.build(_flowables(contents, analysis), onFirstPage=_foot, onLaterPages=_foot)
    return file.getvalue()


def _flowables(contents: Contents, analysis: Mapping[str, Any]) -> list[Flowable]:
    return [
        _words("ImageShield · analysis of an encrypted image", _SMALL),
        _words(contents.title, _TITLE),
        _words(contents.lead),
        Spacer(0, 10),
        _grade(contents),
        *_section("Facts", _list(contents.facts)),
        *_section("Measured", _results(contents)),
        *_charts(analysis),
        *_section("Why this letter", _rules(contents), Spacer(0, 6), _list(contents.scale, width=24)),
        *_critical(contents),
        *_section("Where the key came from", _words(contents.provenance_words), _list(contents.provenance)),
        *(_section("Time of each stage", _list(contents.timings)) if contents.timings else ()),
    ]


def _section(title: str, *parts: Flowable) -> tuple[Flowable, ...]:
    # A heading stays with the beginning of its section, which may be a table of more than a page.
    return (CondPageBreak(_LEAST_PART), _words(title, _SECTION), *parts)


def _words(text: str, style: ParagraphStyle = _BODY) -> Paragraph:
    return Paragraph(escape(_plain(text)), style)


def _plain(text: str) -> str:
    return text.encode("cp1252", "backslashreplace").decode("cp1252")


def _verdict(words: str) -> Paragraph:
    return Paragraph(escape(words), ParagraphStyle(words, _BODY, textColor=_TONES[words]))


def _grade(contents: Contents) -> Table:
    letter = [] if contents.letter is None else [_words(contents.letter, _LETTER)]
    left = [_words("Grade", _BOLD), *letter, _words(contents.letter_words), Spacer(0, 4)]
    left.append(_words(contents.false_alarm, _SMALL))
    right = [_words("What these numbers do not show", _BOLD)]
    right += [Paragraph(escape(_plain(limit)), _ITEM, bulletText="\u2022") for limit in contents.limits]
    table = Table([[left, right]], colWidths=[0.38 * _WIDTH, 0.62 * _WIDTH])
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("BOX", (0, 0), (0, 0), 0.5, _HAIR),
                ("BOX", (1, 0), (1, 0), 0.5, _HAIR),
                ("BACKGROUND", (1, 0), (1, 0), _RAISED),
                ("LEFTPADDING", (0, 0), (-1, -1), 12),
                ("RIGHTPADDING", (0, 0), (-1, -1), 12),
                ("TOPPADDING", (0, 0), (-1, -1), 10),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 10),
            ]
        )
    )
    return table


def _list(rows: Rows, *, width: float = 110) -> Flowable:
    if not rows:
        return Spacer(0, 0)
    cells = [[_words(label, ParagraphStyle("label", _BODY, textColor=_MUTED)), _words(value)] for label, value in rows]
    table = Table(cells, colWidths=[width, _WIDTH - width])
    table.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), *_tight()]))
    return table


def _tight() -> list[tuple[Any, ...]]:
    return [
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 6),
        ("TOPPADDING", (0, 0), (-1, -1), 1.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
    ]


def _ruled(rows: list[list[Any]], widths: Sequence[float], *extra: tuple[Any, ...]) -> Table:
    table = Table(rows, colWidths=widths, repeatRows=1)
    table.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), *_tight(), *extra]))
    return table


def _results(contents: Contents) -> Table:
    head = ["Test", "Measured", "Of the original", "Expected of noise", "Off by (sd)", "p-value", "Verdict"]
    rows: list[list[Any]] = [[_words(word, _HEAD_RIGHT if 0 < i < 6 else _HEAD) for i, word in enumerate(head)]]  # noqa: PLR2004
    styles: list[tuple[Any, ...]] = []
    for result in contents.results:
        at = len(rows)
        numbers = (result.value, result.was, result.expected, result.deviation, result.p_value)
        rows.append([_words(result.name), *(_words(cell, _RIGHT) for cell in numbers), _verdict(result.verdict)])
        reason = f" Not tested: {result.reason}." if result.reason else ""
        rows.append([_words(f"{result.asks} Not shown: {result.does_not_show}{reason}", _SMALL)])
        styles += [
            ("LINEABOVE", (0, at), (-1, at), 0.5, _HAIR),
            ("TOPPADDING", (0, at), (-1, at), 5),
            ("SPAN", (0, at + 1), (-1, at + 1)),
            ("BOTTOMPADDING", (0, at + 1), (-1, at + 1), 5),
            ("NOSPLIT", (0, at), (-1, at + 1)),
        ]
    return _ruled(rows, [_WIDTH * share for share in (0.21, 0.14, 0.16, 0.20, 0.09, 0.08, 0.12)], *styles)


def _rules(contents: Contents) -> Table:
    rows: list[list[Any]] = [[_words(word, _HEAD) for word in ("Rule", "Demanded", "Found", "Outcome")]]
    rows += [[*map(_words, (rule.name, rule.demand, rule.found)), _verdict(rule.outcome)] for rule in contents.rules]
    lines = ("LINEABOVE", (0, 1), (-1, -1), 0.5, _HAIR)
    return _ruled(rows, [_WIDTH * share for share in (0.34, 0.26, 0.26, 0.14)], lines)


def _critical(contents: Contents) -> tuple[Flowable, ...]:
    if not contents.critical:
        return ()
    rows: list[list[Any]] = [[_words(word, _HEAD) for word in ("Alpha", "NPCR at least", "UACI")]]
    rows += [[_words(cell) for cell in row] for row in contents.critical]
    note = "After Wu, Noonan & Agaian 2011, for a picture of this size: noise fails each with the probability alpha."
    table = _ruled(rows, [60, 110, _WIDTH - 170], ("LINEABOVE", (0, 1), (-1, -1), 0.5, _HAIR))
    return (KeepTogether([*_section("Critical values", _words(note, _SMALL), table)]),)


def _charts(analysis: Mapping[str, Any]) -> list[Flowable]:
    charts, metrics = analysis["charts"], analysis["metrics"]
    entropy = figures.gauge(charts["entropy_gauge"], metrics["entropy"]["original"], width=_WIDTH)
    histogram = figures.histogram(charts["histogram_comparison"], width=_WIDTH, height=190)
    panels = [[_Chart(figure), _words(figure.seen, _SMALL)] for figure in figures.scatters(analysis, size=_PANEL)]
    table = Table([panels[:3], panels[3:]], colWidths=[_WIDTH / 3] * 3, style=_tight())
    return [
        KeepTogether([*_section("Entropy", _Chart(entropy), _words(entropy.seen, _SMALL))]),
        KeepTogether([*_section("Histogram", _Chart(histogram), _words(histogram.seen, _SMALL))]),
        KeepTogether([*_section("Neighbors", _words(figures.NEIGHBORS, _SMALL), Spacer(0, 4), table)]),
    ]


class _Chart(Flowable):  # type: ignore[misc]  # reportlab has no types
    """A figure on a page, where y goes up."""

    def __init__(self, figure: Figure) -> None:
        super().__init__()
        self._figure = figure
        self.width, self.height = figure.width, figure.height

    def draw(self) -> None:
        self.canv.saveState()
        self.canv.translate(0, self.height)
        for shape in self._figure.shapes:
            _paint(self.canv, shape)
        self.canv.restoreState()


def _paint(canvas: Canvas, shape: Line | Area | Dots | Text) -> None:
    color = _COLORS[shape.role]
    canvas.setLineCap(0)
    if isinstance(shape, Text):
        canvas.setFillColor(color)
        canvas.setFont("Helvetica", shape.size - 1)
        {"start": canvas.drawString, "middle": canvas.drawCentredString, "end": canvas.drawRightString}[shape.anchor](
            shape.at[0], -shape.at[1], _plain(shape.words)
        )
        return
    path = canvas.beginPath()
    if isinstance(shape, Dots):
        # A line of length zero with round ends is a dot.
        canvas.setLineCap(1)
        canvas.setLineWidth(2 * shape.radius)
        canvas.setStrokeColor(_mix(color, 0.6))
        for x, y in shape.points:
            path.moveTo(x, -y)
            path.lineTo(x, -y)
        canvas.drawPath(path)
        return
    path.moveTo(shape.points[0][0], -shape.points[0][1])
    for x, y in shape.points[1:]:
        path.lineTo(x, -y)
    if isinstance(shape, Area):
        canvas.setFillColor(_mix(color, _FAINT))
        canvas.drawPath(path, stroke=0, fill=1)
    else:
        canvas.setStrokeColor(color)
        canvas.setLineWidth(shape.width)
        canvas.drawPath(path)


def _mix(color: Any, share: float) -> Any:
    return colors.linearlyInterpolatedColor(colors.white, color, 0, 1, share)


def _foot(canvas: Canvas, document: SimpleDocTemplate) -> None:
    canvas.saveState()
    canvas.setFont("Helvetica", 7.5)
    canvas.setFillColor(_MUTED)
    canvas.drawString(_MARGIN, 28, "These numbers can expose a bad cipher; they cannot prove a good one.")
    canvas.drawRightString(A4[0] - _MARGIN, 28, f"page {document.page}")
    canvas.restoreState()
