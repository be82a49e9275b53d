"""The report as one HTML page without scripts and external requests, for screens, print and screen readers."""

import hashlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any, Final

from shield_core.analysis.report import figures
from shield_core.analysis.report.about import About
from shield_core.analysis.report.contents import Contents, Result, Rows, Rule, write
from shield_core.analysis.report.drawing import draw

_STYLE: Final = files("shield_core.analysis").joinpath("page.css").read_text("utf-8")
_DIGEST: Final = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'"
)
"""The content security policy of the page: its own style and nothing else. A server may send it as well."""

_NUMBER: Final = ' class="number"'
_TONES: Final = {
    "as expected": "good",
    "passed": "good",
    "unusual": "odd",
    "failed": "bad",
    "not tested": "none",
}


def render_html(analysis: Mapping[str, Any], about: About) -> str:
    """Write a report as HTML.

    Args:
        analysis: of `document.analyze`, or read back from its JSON.
        about: context of the report; names may be hostile.

    Returns:
        A whole document, UTF-8.
    """
    contents = write(analysis, about)
    title = escape(contents.title)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{CONTENT_SECURITY_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Analysis of {title}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<header>
<p class="product">ImageShield · analysis of an encrypted image</p>
<h1><bdi>{title}</bdi></h1>
<p class="lead">{escape(contents.lead)}</p>
</header>
<div class="beside">
{_grade(contents)}
{_limits(contents)}
</div>
{_section("Facts", _list(contents.facts))}
{_section("Measured", _results(contents.results), "Every sample of both pictures is counted; nothing is sampled.")}
{_charts(analysis)}
{_section("Why this letter", _rules(contents))}
{_critical(contents)}
{_section("Where the key came from", f"<p>{escape(contents.provenance_words)}</p>{_list(contents.provenance)}")}
{_section("Time of each stage", _list(contents.timings)) if contents.timings else ""}
</main>
</body>
</html>
"""


def _section(title: str, body: str, note: str = "") -> str:
    words = f'<p class="note">{escape(note)}</p>' if note else ""
    return f"<section><h2>{escape(title)}</h2>{words}{body}</section>"


def _list(rows: Rows) -> str:
    pairs = "".join(f"<dt>{escape(label)}</dt><dd><bdi>{escape(value)}</bdi></dd>" for label, value in rows)
    return f"<dl>{pairs}</dl>" if pairs else ""


def _table(head: str, rows: str) -> str:
    region = 'class="wide" role="region" tabindex="0" aria-label="Table"'
    return f"<div {region}><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"


def _grade(contents: Contents) -> str:
    mark = "" if contents.letter is None else f"<strong>{escape(contents.letter)}</strong>"
    body = f'<div class="letter">{mark}<span>{escape(contents.letter_words)}</span></div>'
    return _section("Grade", f'{body}<p class="note">{escape(contents.false_alarm)}</p>')


def _limits(contents: Contents) -> str:
    items = "".join(f"<li>{escape(limit)}</li>" for limit in contents.limits)
    return f'<section class="limits"><h2>What these numbers do not show</h2><ul>{items}</ul></section>'


_COLUMNS: Final = ("Test", "Measured", "Of the original", "Expected of noise", "Off by (sd)", "p-value", "Verdict")


def _results(results: tuple[Result, ...]) -> str:
    return _table(_head(_COLUMNS, numbers=_COLUMNS[1:-1]), "".join(map(_result, results)))


def _head(columns: Sequence[str], *, numbers: Sequence[str] = ()) -> str:
    return "".join(f'<th scope="col"{_NUMBER if name in numbers else ""}>{escape(name)}</th>' for name in columns)


def _result(result: Result) -> str:
    cells = (result.value, result.was, result.expected, result.deviation, result.p_value)
    numbers = "".join(_cell(label, escape(cell), _NUMBER) for label, cell in zip(_COLUMNS[1:-1], cells, strict=True))
    verdict = _cell(_COLUMNS[-1], _verdict(result.verdict))
    reason = f" <b>Not tested:</b> {escape(result.reason)}." if result.reason else ""
    return (
        f'<tr><th scope="row">{escape(result.name)}</th>{numbers}{verdict}</tr>'
        f'<tr class="words"><td colspan="7">{escape(result.asks)}'
        f" <b>Not shown:</b> {escape(result.does_not_show)}{reason}</td></tr>"
    )


def _cell(label: str, content: str, kind: str = "") -> str:
    """Write a cell with the name of its column: on a narrow screen each cell is a line of its own."""
    return f'<td data-label="{escape(label)}"{kind}>{content}</td>'


def _verdict(words: str) -> str:
    return f'<span class="verdict {_TONES[words]}">{escape(words)}</span>'


_RULE: Final = ("Rule", "Demanded", "Found", "Outcome")


def _rules(contents: Contents) -> str:
    return _table(_head(_RULE), "".join(map(_rule, contents.rules))) + _list(contents.scale)


def _rule(rule: Rule) -> str:
    cells = (escape(rule.demand), escape(rule.found), _verdict(rule.outcome))
    row = "".join(_cell(label, cell) for label, cell in zip(_RULE[1:], cells, strict=True))
    return f'<tr><th scope="row">{escape(rule.name)}</th>{row}</tr>'


_CRITICAL: Final = ("Alpha", "NPCR at least", "UACI")


def _critical(contents: Contents) -> str:
    if not contents.critical:
        return ""
    note = "After Wu, Noonan & Agaian 2011, for a picture of this size: noise fails each with the probability alpha."
    return _section("Critical values", _table(_head(_CRITICAL), "".join(map(_level, contents.critical))), note)


def _level(row: Sequence[str]) -> str:
    cells = "".join(_cell(label, escape(cell)) for label, cell in zip(_CRITICAL[1:], row[1:], strict=True))
    return f'<tr><th scope="row">{escape(row[0])}</th>{cells}</tr>'


def _charts(analysis: Mapping[str, Any]) -> str:
    charts, metrics = analysis["charts"], analysis["metrics"]
    entropy = figures.gauge(charts["entropy_gauge"], metrics["entropy"]["original"])
    histogram = figures.histogram(charts["histogram_comparison"])
    panels = "".join(map(_figure, figures.scatters(analysis)))
    return (
        _section("Entropy", _figure(entropy))
        + _section("Histogram", _figure(histogram))
        + _section("Neighbors", f'<div class="panels">{panels}</div>', figures.NEIGHBORS)
    )


def _figure(figure: figures.Figure) -> str:
    return f"<figure>{draw(figure)}<figcaption>{escape(figure.seen)}</figcaption></figure>"
