"""The analysis document: all measures of an original and its encrypted picture, as one value for JSON."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shield_core.analysis import caveats, charts
from shield_core.analysis.grade import grade
from shield_core.analysis.judgment import NO_CIPHER, OTHER_SIZE, Counted, judge
from shield_core.analysis.measures import correlation, differential, fidelity, histogram, shannon, tally
from shield_core.analysis.measures.findings import Finding
from shield_core.analysis.measures.picture import Picture, check_alike
from shield_core.analysis.measures.tally import DIRECTIONS, Differences
from shield_core.analysis.version import VERSION
from shield_core.image.regions import Region, count_pixels
from shield_core.progress import Advance, nothing

__all__ = ["KEY_SPACE_BITS", "SMALLEST", "VERSION", "Encrypt", "analyze"]

KEY_SPACE_BITS: Final = 256
"""The key space of the product's own cipher: the file key has 32 bytes in every purity."""

SMALLEST: Final = 16_384
"""The smallest number of bytes of samples that is judged: 64 of each value, 128 x 128 gray. With fewer, the statistics
of noise do not yet follow the formulas out to 1 in 100,000."""

Encrypt = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
"""Encrypts samples, uint8 (pixels, bytes per pixel), under a fresh key each time, and returns the same number. It may
overwrite its argument."""


def analyze(
    original: Picture,
    encrypted: Picture,
    *,
    encrypt: Encrypt | None = None,
    timings_ms: Mapping[str, float] | None = None,
    key_space_bits: int | None = None,
    regions: Sequence[Region] = (),
    threads: int = 1,
    progress: Advance = nothing,
) -> dict[str, Any]:
    """Measure an original and its encrypted picture.

    Args:
        original: the decoded original.
        encrypted: the decoded encrypted picture, of the same size and kind, or one that holds a file.
        encrypt: the cipher, to compute NPCR and UACI between the ciphertexts of two pictures that differ in one sample;
            without it they are null.
        timings_ms: of the job, copied into the report.
        key_space_bits: of the cipher: `KEY_SPACE_BITS` for the product's own, None where it is not known.
        regions: the encrypted regions; empty means that the whole picture is encrypted. With regions nothing is judged.
        threads: 1 or 2; the result does not depend on it.
        progress: called with the number of samples counted, in all as many as the larger picture has.

    Returns:
        JSON-able: `version`, `pictures`, `regions`, `metrics`, `tests`, `security_grade`, `limits` and `charts`;
        docs/reference/analysis.md describes every field.

    Raises:
        PicturesDiffer: the pictures cannot be compared, and `encrypted` holds no file.

    Source: docs/reference/analysis.md.
    """
    check_alike(original, encrypted)
    counted = _count(original, encrypted, encrypt, threads=threads, progress=progress)
    unjudged = _unjudged(original, encrypted, regions)
    findings = judge(original, counted, unjudged=unjudged)
    return {
        "version": VERSION,
        "pictures": {"original": _facts(original), "encrypted": _facts(encrypted)},
        "regions": _share(regions, original),
        "metrics": {
            **_metrics(original, encrypted, counted),
            "key_space_bits": key_space_bits,
            "timings_ms": dict(timings_ms or {}),
        },
        "tests": [_with_words(finding) for finding in findings],
        "security_grade": grade(findings, key_space_bits=key_space_bits, withheld=unjudged),
        "limits": list(caveats.LIMITS),
        "charts": {
            "histogram_comparison": charts.draw_histograms(original, encrypted, (counted.original, counted.encrypted)),
            "correlation_scatter": charts.scatter(original, encrypted),
            "entropy_gauge": charts.gauge(shannon.judge(counted.encrypted.total)),
        },
    }


def _count(
    original: Picture, encrypted: Picture, encrypt: Encrypt | None, *, threads: int, progress: Advance
) -> Counted:
    first, second, against = tally.count(original, encrypted, threads=threads, progress=progress)
    between = None if encrypt is None else compare_neighbors(original, encrypt, threads=threads)
    return Counted(first, second, against, between)


def compare_neighbors(original: Picture, encrypt: Encrypt, *, threads: int = 1) -> Differences:
    """Encrypt a picture twice, once with the lowest bit of its middle sample changed, and compare the results.

    Args:
        original: not changed.
        encrypt: the cipher.
        threads: 1 or 2, for the comparison.
    """
    first = replace(original, samples=encrypt(original.samples.copy()))
    neighbor = original.samples.copy()
    neighbor[len(neighbor) // 2, original.bit_depth // 8 - 1] ^= 1
    second = replace(original, samples=encrypt(neighbor))
    return tally.compare(first, second, threads=threads)


def _unjudged(original: Picture, encrypted: Picture, regions: Sequence[Region]) -> str | None:
    if regions:
        return "only regions are encrypted; what is seen of the original decides all numbers of the whole picture"
    if min(original.samples.size, encrypted.samples.size) < SMALLEST:
        return f"a picture has fewer than {SMALLEST:,} bytes of samples, too few for these tests"
    return None


def _facts(picture: Picture) -> dict[str, Any]:
    return {
        "width": picture.width,
        "height": picture.height,
        "channels": picture.channels,
        "bit_depth": picture.bit_depth,
        "holds_file": picture.holds_file,
        "converted_from": picture.converted_from,
    }


def _share(regions: Sequence[Region], picture: Picture) -> dict[str, Any] | None:
    if not regions:
        return None
    pixels = count_pixels(regions)
    return {"count": len(regions), "pixels": pixels, "share_encrypted": pixels / (picture.width * picture.height)}


def _metrics(original: Picture, encrypted: Picture, counted: Counted) -> dict[str, Any]:
    return {
        "entropy": _entropy(original, encrypted, counted),
        "histogram": _histogram(encrypted, counted),
        "correlation": {
            key: {direction: correlation.coefficient(tallied.pairs[direction]) for direction in DIRECTIONS}
            for key, tallied in (("original", counted.original), ("encrypted", counted.encrypted))
        },
        **_fidelity(original, counted),
        "npcr": _rates(counted, differential.npcr, differential.critical_npcr, original.top),
        "uaci": _rates(counted, differential.uaci, differential.critical_uaci, original.top),
    }


def _entropy(original: Picture, encrypted: Picture, counted: Counted) -> dict[str, Any]:
    return {
        "original": shannon.of_counts(counted.original.total),
        "encrypted": shannon.of_counts(counted.encrypted.total),
        "channels": {
            key: [
                {"name": name, "value": shannon.of_counts(lane)}
                for name, lane in zip(picture.byte_names, tallied.counts, strict=True)
            ]
            for key, picture, tallied in (
                ("original", original, counted.original),
                ("encrypted", encrypted, counted.encrypted),
            )
        },
    }


def _histogram(encrypted: Picture, counted: Counted) -> dict[str, Any]:
    lanes = zip(encrypted.byte_names, counted.encrypted.counts, strict=True)
    return {
        **_chi_square(counted.encrypted.total),
        "original_chi_square": histogram.chi_square(counted.original.total),
        "channels": [{"name": name, **_chi_square(lane)} for name, lane in lanes],
    }


def _chi_square(counts: NDArray[np.int64]) -> dict[str, float]:
    statistic = histogram.chi_square(counts)
    return {"chi_square": statistic, "p_value": histogram.p_value(statistic)}


def _fidelity(original: Picture, counted: Counted) -> dict[str, Any]:
    against = counted.against
    if against is None:
        return {"psnr_db": None, "lossless": None, "mse": None, "full_reference_reason": OTHER_SIZE}
    return {
        "psnr_db": fidelity.psnr_db(against, top=original.top),
        "lossless": against.squared == 0,
        "mse": fidelity.mse(against),
        "full_reference_reason": None,
    }


def _rates(
    counted: Counted,
    rate: Callable[..., float],
    critical: Callable[..., Mapping[str, Any]],
    top: int,
) -> dict[str, Any]:
    reference = counted.between or counted.against
    return {
        "unit": differential.PERCENT,
        "between_ciphertexts": None if counted.between is None else rate(counted.between, top=top),
        "between_ciphertexts_reason": NO_CIPHER if counted.between is None else None,
        "original_vs_encrypted": None if counted.against is None else rate(counted.against, top=top),
        "critical": None if reference is None else critical(reference.count, top=top),
    }


def _with_words(finding: Finding) -> dict[str, Any]:
    words = caveats.TESTS[finding.id]
    return {**finding.to_json(), "name": words.name, "asks": words.asks, "does_not_show": words.does_not_show}
