"""Schemas of the analysis of two pictures; docs/reference/analysis.md explains each number."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field


class MeasuredPicture(BaseModel):
    width: int
    height: int
    channels: int
    bit_depth: int
    holds_file: Annotated[bool, Field(description="It is drawn from a file's bytes: its size is not the picture's")]
    converted_from: Annotated[str | None, Field(description="The file's mode, where samples had to be converted")]


class MeasuredPictures(BaseModel):
    original: MeasuredPicture
    encrypted: MeasuredPicture


class RegionShare(BaseModel):
    """The encrypted part of a picture with regions; nothing is judged then."""

    count: int
    pixels: int
    share_encrypted: float


class ChannelValue(BaseModel):
    name: str
    value: float


class ChannelValues(BaseModel):
    original: list[ChannelValue]
    encrypted: list[ChannelValue]


class Entropy(BaseModel):
    """Bits per byte."""

    original: float
    encrypted: float
    channels: ChannelValues


class ChannelChiSquare(BaseModel):
    name: str
    chi_square: float
    p_value: float


class HistogramTest(BaseModel):
    """Chi-square of the encrypted picture's byte values against an even spread, 255 degrees of freedom."""

    chi_square: float
    p_value: float
    original_chi_square: float
    channels: list[ChannelChiSquare]


class Directions(BaseModel):
    """Pearson's r of neighbors; null where all values are equal or there are no neighbors."""

    horizontal: float | None
    vertical: float | None
    diagonal: float | None


class Correlation(BaseModel):
    original: Directions
    encrypted: Directions


class Npcr(BaseModel):
    """Number of pixels change rate."""

    unit: str
    between_ciphertexts: Annotated[float | None, Field(description="For pictures that differ in one sample")]
    between_ciphertexts_reason: str | None
    original_vs_encrypted: Annotated[float | None, Field(description="Often reported, and no test of a cipher")]
    critical: Annotated[
        dict[str, float] | None, Field(description="By significance level: a cipher should not be below")
    ]


class Uaci(BaseModel):
    """Unified average changing intensity."""

    unit: str
    between_ciphertexts: float | None
    between_ciphertexts_reason: str | None
    original_vs_encrypted: float | None
    critical: Annotated[dict[str, list[float]] | None, Field(description="By significance level: lowest and highest")]


class Metrics(BaseModel):
    entropy: Entropy
    histogram: HistogramTest
    correlation: Correlation
    psnr_db: Annotated[float | None, Field(description="Null where the two are equal, or cannot be compared")]
    lossless: bool | None
    mse: float | None
    full_reference_reason: Annotated[str | None, Field(description="Why the two cannot be compared sample by sample")]
    npcr: Npcr
    uaci: Uaci
    key_space_bits: int | None
    timings_ms: dict[str, float]


class Finding(BaseModel):
    """A number, compared with what noise would give."""

    id: str
    unit: str
    value: float | None
    expected: float | None
    sd: float | None
    deviation: Annotated[float | None, Field(description="In standard deviations")]
    p_value: float | None
    verdict: Literal["as_expected", "unusual", "failed", "not_tested"]
    reason: str | None


class CipherTest(Finding):
    name: str
    asks: Annotated[str, Field(description="The question that the verdict answers")]
    does_not_show: str


class GradeRule(BaseModel):
    id: str
    name: str
    rule: str
    value: float | None
    threshold: float
    passed: bool | None
    reason: str | None


class FalseAlarm(BaseModel):
    """How often true noise loses its A."""

    per_test: float
    tests: int
    at_most: float


class SecurityGrade(BaseModel):
    """A letter that is derived only from the rules beside it. It proves nothing."""

    letter: str | None
    reason: str | None
    rules: list[GradeRule]
    scale: dict[str, str]
    false_alarm: FalseAlarm


class ChannelHistogram(BaseModel):
    name: str
    counts: list[int]


class ChannelHistograms(BaseModel):
    original: list[ChannelHistogram]
    encrypted: list[ChannelHistogram]


class HistogramComparison(BaseModel):
    """256 counts each."""

    original: list[int]
    encrypted: list[int]
    channels: ChannelHistograms


class Points(BaseModel):
    """At most 2,000 pairs of neighbors."""

    x: list[int]
    y: list[int]
    max: int


class CorrelationScatter(BaseModel):
    original_horizontal: Points
    original_vertical: Points
    original_diagonal: Points
    encrypted_horizontal: Points
    encrypted_vertical: Points
    encrypted_diagonal: Points


class EntropyGauge(BaseModel):
    current: float
    max: float
    percentage: float
    gap: Annotated[float, Field(description="To eight bits: what a gauge should show, for the rest always looks full")]
    gap_expected: float | None
    gap_sd: float | None


class Charts(BaseModel):
    histogram_comparison: HistogramComparison
    correlation_scatter: CorrelationScatter
    entropy_gauge: EntropyGauge


class Analysis(BaseModel):
    """The measurements of an original and its encrypted picture; docs/reference/analysis.md explains each number."""

    version: int
    pictures: MeasuredPictures
    regions: RegionShare | None
    metrics: Metrics
    tests: list[CipherTest]
    security_grade: SecurityGrade
    limits: Annotated[list[str], Field(description="What these numbers do not show; show it beside the letter")]
    charts: Charts
