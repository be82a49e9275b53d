from enum import StrEnum


class Interruption(StrEnum):
    """Why an attempt is stopped from outside before its work is done."""

    LEASE_LOST = "lease_lost"
    """Somebody else has the job, or it has ended, and nothing is written any more; or its owner has asked to cancel it,
    and that is written."""
    TOO_LONG = "too_long"
    """It took longer than any job may."""
    LEAVING = "leaving"
    """This worker stops: another one takes the job over."""
