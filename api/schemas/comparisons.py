"""Schemas of several analyses: side by side, and over time."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal, Self, cast

from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from api.schemas import values
from api.schemas.strict import Strict
from backplane import ids
from backplane.services.jobs.views import JobFacts
from backplane.services.pictures.analyses import Trend
from backplane.services.requests.links import ANALYZE

MIN_COMPARED, MAX_COMPARED = 2, 20
MAX_DAYS = 366
DEFAULT_DAYS = 30
ROWS: tuple[tuple[str, str, str], ...] = (
    ("entropy.original", "Entropy of the original", "bits per byte"),
    ("entropy.encrypted", "Entropy of the encrypted picture", "bits per byte"),
    ("histogram.chi_square", "Chi-square of the encrypted picture's histogram", ""),
    ("histogram.p_value", "p-value of that chi-square", ""),
    ("correlation.original.horizontal", "Correlation of horizontal neighbors, original", ""),
    ("correlation.original.vertical", "Correlation of vertical neighbors, original", ""),
    ("correlation.original.diagonal", "Correlation of diagonal neighbors, original", ""),
    ("correlation.encrypted.horizontal", "Correlation of horizontal neighbors, encrypted", ""),
    ("correlation.encrypted.vertical", "Correlation of vertical neighbors, encrypted", ""),
    ("correlation.encrypted.diagonal", "Correlation of diagonal neighbors, encrypted", ""),
    ("psnr_db", "PSNR between original and encrypted picture", "dB"),
    ("mse", "Mean squared error between the two", ""),
    ("npcr.between_ciphertexts", "NPCR between two ciphertexts", "%"),
    ("uaci.between_ciphertexts", "UACI between two ciphertexts", "%"),
    ("npcr.original_vs_encrypted", "NPCR, original against encrypted", "%"),
    ("uaci.original_vs_encrypted", "UACI, original against encrypted", "%"),
    ("key_space_bits", "Key space", "bits"),
)
"""The compared numbers: the place of each in `metrics`, its name and its unit."""


ComparedKind = Literal["encrypt", "analyze"]
Day = Annotated[values.Day, Field(ge=date(2000, 1, 1), le=date(2999, 12, 31))]


class ComparedJobs(Strict):
    job_id: Annotated[
        list[Annotated[str, Field(max_length=64)]],
        Field(min_length=MIN_COMPARED, max_length=MAX_COMPARED, description="Once for each job, 2 to 20 of them"),
    ]


class TrendPeriod(Strict):
    """Days in UTC, the last one included; by default the last 30 days."""

    first_day: Day | None = None
    last_day: Day | None = None

    @model_validator(mode="after")
    def refuse_endless_periods(self) -> Self:
        first, last = self.days()
        if not first <= last < first + timedelta(days=MAX_DAYS):
            raise PydanticCustomError("period", "The period has 1 to 366 days, and ends after it begins")
        return self

    def days(self) -> tuple[date, date]:
        last = self.last_day or datetime.now(UTC).date()
        return self.first_day or last - timedelta(days=DEFAULT_DAYS - 1), last


class ComparedJob(BaseModel):
    job_id: str
    kind: ComparedKind
    created_at: datetime
    analysis_url: str
    analysis_version: int
    width: int
    height: int
    letter: str | None


class ComparedNumber(BaseModel):
    metric: Annotated[str, Field(description="Its place in the `metrics` of an analysis", examples=["psnr_db"])]
    name: str
    unit: str
    values: Annotated[list[float | None], Field(description="One for each job, in their order")]


class Comparison(BaseModel):
    """The key numbers of several analyses, side by side."""

    jobs: list[ComparedJob]
    rows: list[ComparedNumber]

    @classmethod
    def of(cls, found: Sequence[tuple[JobFacts, Mapping[str, Any]]]) -> Self:
        rows = [
            ComparedNumber(
                metric=metric, name=name, unit=unit, values=[_look_up(one["metrics"], metric) for _, one in found]
            )
            for metric, name, unit in ROWS
        ]
        return cls(jobs=[_compared(facts, one) for facts, one in found], rows=rows)


class Encryptions(BaseModel):
    """Encrypt jobs that were accepted on a day."""

    jobs: int
    completed: int
    failed: int
    duration_ms: Annotated[float | None, Field(description="Median time from the claim by a worker to the end")]


class Medians(BaseModel):
    """Medians of the encrypted pictures that were analyzed on a day; null if there are none."""

    entropy: Annotated[float | None, Field(description="Bits per byte")]
    correlation: Annotated[float | None, Field(description="The largest |r| of the three directions")]
    chi_square_p: float | None
    npcr: Annotated[float | None, Field(description="Percent, between two ciphertexts")]
    uaci: float | None
    duration_ms: Annotated[float | None, Field(description="Of the analysis with its reports")]


class TrendDay(BaseModel):
    date: date
    encryptions: Encryptions
    analyses: Annotated[int, Field(description="Of pictures that were encrypted as a whole")]
    letters: dict[str, int]
    medians: Medians


class Trends(BaseModel):
    """Every day of the period in UTC, also days without jobs."""

    first_day: date
    last_day: date
    days: list[TrendDay]

    @classmethod
    def of(cls, days: Sequence[Trend]) -> Self:
        return cls(first_day=days[0].day, last_day=days[-1].day, days=[_trend(day) for day in days])


def _look_up(metrics: Mapping[str, Any], path: str) -> float | None:
    value: Any = metrics
    for name in path.split("."):
        value = value[name]
    found: float | None = value
    return found


def _compared(facts: JobFacts, analysis: Mapping[str, Any]) -> ComparedJob:
    job_id, original = ids.to_wire("job", facts.id), analysis["pictures"]["original"]
    return ComparedJob(
        job_id=job_id,
        kind=cast("ComparedKind", facts.kind),
        created_at=facts.created_at.astimezone(UTC),
        analysis_url=f"{ANALYZE}/{job_id}",
        analysis_version=analysis["version"],
        width=original["width"],
        height=original["height"],
        letter=analysis["security_grade"]["letter"],
    )


def _trend(day: Trend) -> TrendDay:
    return TrendDay(
        date=day.day,
        encryptions=Encryptions(**day.encryptions),
        analyses=day.analyses,
        letters=dict(day.letters),
        medians=Medians(**day.medians),
    )
