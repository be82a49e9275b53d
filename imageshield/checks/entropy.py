"""Entropy source check: a worker with this environment can open the configured source."""

from pydantic import ValidationError

from backplane.settings import Settings
from imageshield.checks.settings import TABLE, settings_of
from imageshield.checks.situation import Fault, Situation
from worker.sources import SourceRefused, check_source

NAME = "ENTROPY_SOURCE"


def check_entropy(situation: Situation) -> list[Fault]:
    try:
        settings: Settings = settings_of(situation)
    except ValidationError:
        return []  # `check_settings` reports it
    if settings.entropy_source == Settings.model_fields["entropy_source"].default:
        return []  # `check_packages` looks for the simulator
    try:
        check_source(settings)
    except SourceRefused as refusal:
        problem = str(refusal).removeprefix(f"{NAME} ")
        return [Fault(NAME, problem, f"set or install what it needs, or choose another source; {TABLE}")]
    return []
