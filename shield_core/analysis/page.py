"""The report as one page of HTML: no script, no outside request, readable on a screen, on paper and by a reader."""

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from typing import Any, Final

from shield_core.analysis import figures
from shield_core.analysis.about import About
from shield_core.analysis.contents import Contents, Result, Rows, Rule, write
from shield_core.analysis.drawing import draw

_STYLE: Final = files("shield_core.analysis").joinpath("page.css").read_text("utf-8")
_DIGEST: Final = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'"
)
"""What the page needs of a browser: its own style and nothing else. It says so itself; a server may say it as well."""

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
        analysis: of `report.analyze`, or read back from its JSON.
        about: what else is known; names may be hostile.

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


def _results(results: tuple[Result, ...]) -> str:
    head = "".join(
        f'<th scope="col"{kind}>{name}</th>'
        for name, kind in (
            ("Test", ""),
            ("Measured", ' class="number"'),
            ("Of the original", ' class="number"'),
            ("Expected of noise", ' class="number"'),
            ("Off by (sd)", ' class="number"'),
            ("p-value", ' class="number"'),
            ("Verdict", ""),
        )
    )
    return _table(head, "".join(map(_result, results)))


def _result(result: Result) -> str:
    cells = (result.value, result.was, result.expected, result.deviation, result.p_value)
    numbers = "".join(f'<td class="number">{escape(cell)}</td>' for cell in cells)
    reason = f" <b>Not tested:</b> {escape(result.reason)}." if result.reason else ""
    return (
        f'<tr><th scope="row">{escape(result.name)}</th>{numbers}<td>{_verdict(result.verdict)}</td></tr>'
        f'<tr class="words"><td colspan="7">{escape(result.asks)}'
        f" <b>Not shown:</b> {escape(result.does_not_show)}{reason}</td></tr>"
    )


def _verdict(words: str) -> str:
    return f'<span class="verdict {_TONES[words]}">{escape(words)}</span>'


def _rules(contents: Contents) -> str:
    rows = "".join(_rule(rule) for rule in contents.rules)
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Rule", "Demanded", "Found", "Outcome"))
    return _table(head, rows) + _list(contents.scale)


def _rule(rule: Rule) -> str:
    cells = f"<td>{escape(rule.demand)}</td><td>{escape(rule.found)}</td><td>{_verdict(rule.outcome)}</td>"
    return f'<tr><th scope="row">{escape(rule.name)}</th>{cells}</tr>'


def _critical(contents: Contents) -> str:
    if not contents.critical:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{escape(alpha)}</th><td>at least {escape(npcr)}</td><td>{escape(uaci)}</td></tr>'
        for alpha, npcr, uaci in contents.critical
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Alpha", "NPCR", "UACI"))
    note = "After Wu, Noonan & Agaian 2011, for a picture of this size: noise fails each with the probability alpha."
    return _section("Critical values", _table(head, rows), note)


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
