"""The settings of the rules on the audit trail: docs/guides/security-events.md. 0 switches a rule off."""

from typing import Annotated

from pydantic import BaseModel, Field

Threshold = Annotated[int, Field(ge=0, le=1_000_000)]


class SecurityThresholds(BaseModel):
    """A field for each rule. The defaults stay quiet in a normal month of 1,000 accounts."""

    security_failed_log_ins: Threshold = 10
    """Of one user within an hour. The delays between attempts allow an attacker about 18."""
    security_failed_log_ins_by_address: Threshold = 50
    """From one address within an hour: an office of hundreds has one, and its people mistype too."""
    security_failed_unlocks: Threshold = 10
    security_new_network: Threshold = 7
    """Days of use before a new network means anything."""
    security_mass_download: Threshold = 200
    """Older files within an hour; and three times what was usual."""
    security_id_scraping: Threshold = 50
    security_dormant_api_key: Threshold = 120
    """Days without use: a program that runs each quarter sleeps for 92."""
    security_privilege_change: Threshold = 1
