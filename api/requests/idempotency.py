"""The `Idempotency-Key` header: a repeated request gets the answer of the first one and is not done again.

A route that creates something asks for `OncePerKey`, and passes it the function that creates:

    made = await once.run(Submission(caller), create, again, options=new)

The use case calls `await submission.record(session, kind, id)` in the transaction that creates.
"""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.requests import Request

from api.dependencies import subject
from api.requests.uploads import File
from backplane.errors import Gone, NotFound
from backplane.services.requests.idempotency import Asked, Idempotency, Made
from backplane.services.requests.submission import Submission

T = TypeVar("T")
NAME = "Idempotency-Key"
SHAPE = re.compile(r"[!-~]{1,255}")
CODES = ("idempotency-in-progress", "idempotency-mismatch")
"""Refusals that a route with a key declares, beside `gone`: what a key made may have been deleted since."""

PASSWORD = "master_password"  # noqa: S105 - a field's name


class Once:
    """This request, done once for each key. Without a key it is done each time."""

    def __init__(self, request: Request, key: str | None, idempotency: Idempotency) -> None:
        self._request = request
        self._key = key
        self._idempotency = idempotency

    async def digests_of(self, files: Mapping[str, File]) -> Sequence[tuple[str, bytes]]:
        """Hash files for `run`, where there is a key."""
        return await digest(files) if self._key is not None else ()

    async def run(
        self,
        submission: Submission,
        create: Callable[[Submission], Awaitable[T]],
        again: Callable[[Made], Awaitable[T]],
        *,
        options: BaseModel | None = None,
        digests: Sequence[tuple[str, bytes]] = (),
    ) -> T:
        """Create something, or return `again` what this key made; `digests` are the SHA-256 of each file.

        Raises:
            Gone: what the key made has been deleted since.
        """

        async def replay(made: Made) -> T:
            self._request.state.replayed = True
            try:
                return await again(made)
            except NotFound:
                raise Gone("What this idempotency key made has been deleted") from None

        asked = self._asked(options, digests)
        return await self._idempotency.once(submission, asked, create=create, again=replay)

    def _asked(self, options: BaseModel | None, digests: Sequence[tuple[str, bytes]]) -> Asked | None:
        if self._key is None:
            return None
        request, password = self._request, getattr(options, PASSWORD, None)
        # Without default values: a field that the next release adds must not make this a different request.
        fields = options.model_dump(mode="json", exclude={PASSWORD}, exclude_defaults=True) if options else {}
        return Asked(
            key=self._key,
            method=request.method,
            path=request.url.path,
            fields=fields,
            digests=digests,
            password=password.get_secret_value() if password is not None else None,
        )


async def digest(files: Mapping[str, File]) -> Sequence[tuple[str, bytes]]:
    """Hash files, off the event loop."""
    return await asyncio.to_thread(
        lambda: [(name, hashlib.sha256(file.data).digest()) for name, file in sorted(files.items())]
    )


def read_once(
    request: Request,
    idempotency: Annotated[Idempotency, Depends(subject(Idempotency))],
    key: Annotated[
        str | None,
        Header(
            alias=NAME,
            description="1 to 255 visible ASCII characters, a UUID for example. The same request with the same key is "
            "done once within 24 hours: sent again it is answered with what the first one made, and "
            "`Idempotency-Replayed: true`.",
            # The shape is checked below: the framework would take the last of two headers, and say less.
            json_schema_extra={"minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
        ),
    ] = None,
) -> Once:
    if key is not None and (len(request.headers.getlist(NAME)) > 1 or not SHAPE.fullmatch(key)):
        error = {"type": "unfit_key", "loc": ("header", NAME), "msg": "One key of 1 to 255 visible ASCII characters"}
        raise RequestValidationError([error])
    return Once(request, key, idempotency)


OncePerKey = Annotated[Once, Depends(read_once)]


def replayable(answer: dict[str, Any]) -> dict[str, Any]:
    """Declare that an answer may repeat an earlier one."""
    header = {"schema": {"type": "string"}, "description": "`true` if an earlier request with the key created it"}
    return answer | {"headers": answer.get("headers", {}) | {"Idempotency-Replayed": header}}
