"""Names of devices, such as "Firefox on Linux", from what a client says of itself."""

import re
from functools import lru_cache

from ua_parser import parse

PRODUCT = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}", re.ASCII)


@lru_cache(maxsize=1000)
def device_of(user_agent: str | None) -> str | None:
    """Return the browser or program and its system; None if the header says nothing that can be shown."""
    if not user_agent:
        return None
    found = parse(user_agent)
    program = found.user_agent.family if found.user_agent is not None else _product(user_agent)
    system = found.os.family if found.os is not None else None
    return " on ".join(filter(None, (program, system))) or None


def named(user_agent: str | None) -> dict[str, str]:
    """Return what the audit trail keeps of a device."""
    return {"device": user_agent} if user_agent else {}


def _product(user_agent: str) -> str | None:
    """Return the name in the first product of the header (RFC 9110, section 10.1.5)."""
    found = PRODUCT.match(user_agent)
    return found.group().strip() if found is not None else None
