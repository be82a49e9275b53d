"""The source of random bits: whether a worker of this environment could have the one that is chosen."""

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
        return []  # the check of the settings says so
    if settings.entropy_source == Settings.model_fields["entropy_source"].default:
        return []  # the check of the packages looks for the simulator
    try:
        check_source(settings)
    except SourceRefused as refusal:
        problem = str(refusal).removeprefix(f"{NAME} ")
        return [Fault(NAME, problem, f"set or install what it needs, or choose another source; {TABLE}")]
    return []
