"""Reasons for the interruption of an attempt."""

from enum import StrEnum


class Interruption(StrEnum):
    """Why an attempt is stopped from outside before its end."""

    LEASE_LOST = "lease_lost"
    """Another worker has the job, or it has ended, and nothing more is written; or its owner has asked to cancel it,
    and the cancellation is written."""
    TOO_LONG = "too_long"
    """It exceeded the time limit of jobs."""
    LEAVING = "leaving"
    """This worker stops; another worker takes over the job."""
