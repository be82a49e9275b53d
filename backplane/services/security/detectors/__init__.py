"""The detectors, one for each rule: whom they watch, what they remember, and when that is worth an event.

A detector is a function of what it remembers and the next observation. It reads no clock and no database, so an
interrupted step can be repeated.
"""

from backplane.security_thresholds import SecurityThresholds
from backplane.services.security.detectors.bursts import bursts
from backplane.services.security.detectors.detector import Detector
from backplane.services.security.detectors.downloads import MassDownload
from backplane.services.security.detectors.networks import NewNetwork
from backplane.services.security.detectors.singles import DormantApiKey, PrivilegeChange


def detectors_of(thresholds: SecurityThresholds) -> list[Detector]:
    """Return the detectors that are switched on."""
    every: list[Detector] = [
        *bursts(thresholds),
        NewNetwork(thresholds.security_new_network),
        MassDownload(thresholds.security_mass_download),
        DormantApiKey(thresholds.security_dormant_api_key),
        PrivilegeChange(thresholds.security_privilege_change),
    ]
    return [one for one in every if one.threshold > 0]
