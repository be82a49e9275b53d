"""The `Prefer` header (RFC 7240): how long a caller prefers to wait."""

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header
from starlette.requests import Request

MAX_WAIT = 30
WAIT = re.compile(r"wait\s*=\s*\"?(\d{1,6})\"?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Preferences:
    """`wait` in seconds; what is malformed or unknown is ignored, as the RFC says."""

    wait: int | None = None
    respond_async: bool = False

    def applied(self, *, finished: bool) -> dict[str, str]:
        """Return the preference that was honored: the wait if it sufficed, else the early answer."""
        if finished and self.wait is not None:
            return {"Preference-Applied": f"wait={self.wait}"}
        if not finished and (self.wait is not None or self.respond_async):
            return {"Preference-Applied": "respond-async"}
        return {}


def read_preferences(
    request: Request,
    _declared: Annotated[
        str | None,
        Header(
            alias="Prefer",
            description="`wait=N` (at most 30 s) answers 200 with the finished job, or 202 after that time; "
            "`respond-async` answers 202 at once.",
            examples=["wait=10"],
        ),
    ] = None,
) -> Preferences:
    # The header may come several times. It is declared as one text, because generators cannot make clients for a list.
    prefer = request.headers.getlist("Prefer")
    # Parameters of a preference come after a semicolon; neither of the two has any.
    tokens = [part.split(";")[0].strip() for line in prefer for part in line.split(",")]
    waits = [int(found[1]) for token in tokens if (found := WAIT.fullmatch(token))]
    return Preferences(
        wait=min(waits[0], MAX_WAIT) if waits else None,
        respond_async=any(token.lower() == "respond-async" for token in tokens),
    )


Preferred = Annotated[Preferences, Depends(read_preferences)]
