"""The text of a report, in order, independent of the output format."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from shield_core.analysis.caveats import TESTS
from shield_core.analysis.report import phrases
from shield_core.analysis.report.about import About

Rows = tuple[tuple[str, str], ...]

_WHAT_IT_WAS: Final = {
    "entropy": ("entropy", "original"),
    "chi_square": ("histogram", "original_chi_square"),
    "correlation_horizontal": ("correlation", "original", "horizontal"),
    "correlation_vertical": ("correlation", "original", "vertical"),
    "correlation_diagonal": ("correlation", "original", "diagonal"),
}


@dataclass(frozen=True, slots=True)
class Result:
    """One test, in words; `was` is the same number for the original, if there is one."""

    name: str
    value: str
    was: str
    expected: str
    deviation: str
    p_value: str
    verdict: str
    asks: str
    does_not_show: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the letter: the requirement, the value found, and `passed`, `failed` or `not tested`."""

    name: str
    demand: str
    found: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Contents:
    """A whole report. `letter_words` says what `letter` means or, where it is withheld (None), why."""

    title: str
    lead: str
    facts: Rows
    letter: str | None
    letter_words: str
    false_alarm: str
    scale: Rows
    rules: tuple[Rule, ...]
    limits: tuple[str, ...]
    results: tuple[Result, ...]
    critical: tuple[tuple[str, ...], ...]
    timings: Rows
    provenance: Rows
    provenance_words: str


def write(analysis: Mapping[str, Any], about: About) -> Contents:
    """Write the text of a report.

    Args:
        analysis: of `document.analyze`, or read back from its JSON.
        about: context of the report.
    """
    grade = analysis["security_grade"]
    letter = grade["letter"]
    return Contents(
        title=phrases.name(about.file_name) or "Two pictures",
        lead=_lead(analysis, about),
        facts=_facts(analysis, about),
        letter=letter,
        letter_words=f"Withheld: {grade['reason']}." if letter is None else _sentence(grade["scale"][letter]),
        false_alarm=_false_alarm(grade["false_alarm"]),
        scale=tuple((mark, _sentence(words)) for mark, words in grade["scale"].items()),
        rules=tuple(_rule(rule) for rule in grade["rules"]),
        limits=tuple(analysis["limits"]),
        results=tuple(_result(test, analysis["metrics"]) for test in analysis["tests"]),
        critical=_critical(analysis["metrics"]),
        timings=tuple(
            (stage.replace("_", " "), f"{took:,.1f} ms") for stage, took in analysis["metrics"]["timings_ms"].items()
        ),
        provenance=_provenance(about.statement),
        provenance_words=_provenance_words(about.statement),
    )


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + "."


def _lead(analysis: Mapping[str, Any], about: About) -> str:
    if about.purity is None:
        return "Two pictures were measured: an original, and what is said to be its encryption."
    what = "as it is, byte for byte" if about.layout == "file" else "pixel by pixel"
    lead = f"The picture was encrypted {what} under a key of its own, with the purity {phrases.name(about.purity)}."
    regions = analysis["regions"]
    if regions is None:
        return lead
    return f"{lead} Only {100 * regions['share_encrypted']:.1f} % of its pixels are encrypted; the rest is as it was."


def _facts(analysis: Mapping[str, Any], about: About) -> Rows:
    pictures = analysis["pictures"]
    facts = {
        "Original": _picture(pictures["original"], about.image),
        "Encrypted image": _picture(pictures["encrypted"], None),
        "Encrypted as": phrases.name(about.encrypted_name),
        "Layout": " - ".join(part for part in (about.layout, about.layout_reason) if part) or None,
        "Purity": about.purity,
        "Job": about.job_id,
        "Key": about.key_id,
        "Key space": _key_space(analysis["metrics"]["key_space_bits"]),
        "Report made": about.made_at.strftime("%Y-%m-%d %H:%M:%S %Z").strip(),
        "Software": f"ImageShield {about.product_version}, analysis version {analysis['version']}",
    }
    return tuple((label, phrases.line(value)) for label, value in facts.items() if value is not None)


def _picture(facts: Mapping[str, Any], image: Mapping[str, Any] | None) -> str:
    samples = "1 sample" if facts["channels"] == 1 else f"{facts['channels']} samples"
    size = f"{facts['width']:,} by {facts['height']:,} pixels, {samples} of {facts['bit_depth']} bits each"
    if facts["holds_file"]:
        size += ", drawn to hold the file"
    if facts["converted_from"] is not None:
        size += f", measured as converted from {facts['converted_from']}"
    if image is None:
        return size
    return f"{image['format']} {image['mode']}, {image['bytes']:,} bytes, {size}"


def _key_space(bits: int | None) -> str:
    return "not known" if bits is None else f"{bits} bits: 2^{bits} keys"


def _false_alarm(alarm: Mapping[str, Any]) -> str:
    if not alarm["tests"]:
        return "No test was made."
    return (
        f"A test fails where noise would be as far off in fewer than 1 of {1 / alarm['per_test']:,.0f} pictures."
        f" With {alarm['tests']} tests, noise loses its letter at most once in {1 / alarm['at_most']:,.0f} pictures."
    )


def _rule(rule: Mapping[str, Any]) -> Rule:
    is_key = rule["id"] == "key_space"
    found = phrases.number(rule["value"]) if is_key else phrases.probability(rule["value"])
    outcome = {True: "passed", False: "failed", None: "not tested"}[rule["passed"]]
    demand = f"{rule['rule']} {rule['threshold']:.5f}".rstrip("0").rstrip(".")
    return Rule(rule["name"], demand, found if rule["value"] is not None else rule["reason"] or "-", outcome)


def _result(test: Mapping[str, Any], metrics: Mapping[str, Any]) -> Result:
    words = TESTS[test["id"]]
    unit, sd = test["unit"], test["sd"]
    expected = "-"
    if test["expected"] is not None:
        expected = f"{phrases.number(test['expected'], sd=sd)} ± {phrases.number(sd, sd=sd)}"
    return Result(
        name=words.name + (_psnr(metrics) if test["id"].startswith("mse") else ""),
        value=phrases.number(test["value"], unit=unit, sd=sd),
        was=_was(test["id"], unit, metrics),
        expected=expected,
        deviation=phrases.deviation(test["deviation"]),
        p_value=phrases.probability(test["p_value"]),
        verdict=phrases.VERDICTS[test["verdict"]],
        asks=words.asks,
        does_not_show=words.does_not_show,
        reason=test["reason"],
    )


def _was(test: str, unit: str, metrics: Mapping[str, Any]) -> str:
    value: Any = metrics
    for key in _WHAT_IT_WAS.get(test, ()):
        value = value[key]
    return "" if value is metrics else phrases.number(value, unit=unit)


def _psnr(metrics: Mapping[str, Any]) -> str:
    if metrics["lossless"]:
        return " (none: the pictures are equal)"
    return "" if metrics["psnr_db"] is None else f" (PSNR {metrics['psnr_db']:.2f} dB)"


def _critical(metrics: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    npcr, uaci = metrics["npcr"]["critical"], metrics["uaci"]["critical"]
    if npcr is None:
        return ()
    return tuple((alpha, f"{npcr[alpha]:.4f} %", f"{uaci[alpha][0]:.4f} to {uaci[alpha][1]:.4f} %") for alpha in npcr)


def _provenance(statement: Mapping[str, Any] | None) -> Rows:
    if statement is None:
        return ()
    source, raw = statement["source"], statement["raw"]
    return (
        ("Source", phrases.line(f"{source['name']} ({source['kind']})")),
        ("Bits measured", f"{raw['bits']:,}"),
        ("Entropy credited", f"{raw['credited_bits']:,} bits"),
        ("System's random bits", f"{statement['system']['bits']:,}"),
        ("Health tests", str(statement["health"]["verdict"])),
        ("Degraded", "yes: the source failed, and the system's bits carry the key" if statement["degraded"] else "no"),
    )


def _provenance_words(statement: Mapping[str, Any] | None) -> str:
    if statement is None:
        return "Where the bits of the key came from is not known here."
    if statement["raw"]["credited_bits"]:
        return "The key is as strong as the system's random bits alone make it; the source's bits are added to them."
    return (
        "The source's bits are credited with zero entropy: a simulator computes them. The strength of the key rests on"
        " the system's random bits."
    )
