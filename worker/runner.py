"""One attempt at one job: claim, fetch, run the pipeline on a thread, store, end."""

import asyncio
import hashlib
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import structlog

from backplane import ids
from backplane.errors import POISON, ApplicationError
from backplane.metrics import ENTROPY_DEGRADED, JOB_SECONDS
from backplane.services.claims import Claim, Claims, DecryptOutcome, EncryptOutcome, LeaseLost, is_transient
from shield_core.cipher.permutation import warm
from shield_core.cipher.purity import Purity
from shield_core.errors import Cancelled, EntropyError, ShieldError
from shield_core.image.payload import Layout
from shield_core.keys.canonical import b64decode, b64encode
from shield_core.keys.passphrase import Kdf
from shield_core.keys.stanzas import PassphraseOpen, PassphraseWrap, PlainOpen, VaultOpen, VaultWrap
from shield_core.pipeline import EncryptedImage, decrypt_image, encrypt_image
from shield_core.progress import Progress, Stage
from shield_core.quantum.aer import AerSource, import_simulator
from shield_core.quantum.pool import BitPool
from worker.reporting import Reporter

log = structlog.get_logger()

HEARTBEAT_SECONDS = 5.0
RETRY_SECONDS = 1.0


def preload() -> None:
    """Import and compile once in the parent, for all children that are forked from it: code only, no source, no loop.

    A child then starts in a tenth of a second instead of two, which is what a killed one costs.
    """
    import_simulator()
    warm()


class Runner:
    """Runs jobs one after the other; holds the source of bits and the compiled kernels for all of them."""

    def __init__(self, claims: Claims, *, threads: int) -> None:
        self._claims = claims
        self._threads = threads
        self._source = AerSource()
        self._pool = BitPool(self._source)
        self._kinds: dict[str, Callable[[Claim, Reporter], Awaitable[None]]] = {
            "encrypt": self._encrypt,
            "decrypt": self._decrypt,
        }
        self._top_up()

    async def run(self, job_id: UUID) -> None:
        claim = await self._claims.claim(job_id)
        if claim is None:
            log.info("job.not_ours", job_id=ids.to_wire("job", job_id))
            return
        with structlog.contextvars.bound_contextvars(
            job_id=ids.to_wire("job", job_id), attempt=claim.job.attempts, request_id=claim.job.request_id
        ):
            started = time.perf_counter()
            log.info("job.claimed", kind=claim.job.kind)
            async with self._kept(claim) as reporter:
                await self._attempt(claim, reporter)
            JOB_SECONDS.labels(kind=claim.job.kind).observe(time.perf_counter() - started)
        self._top_up()

    def _top_up(self) -> None:
        """Let bits wait for the next `fast` job; a source that fails is labelled when a key is drawn from it."""
        with suppress(EntropyError):
            self._pool.refill()

    async def _attempt(self, claim: Claim, reporter: Reporter) -> None:
        """Try, and say how it ended: done, refused for good, or to be tried again."""
        try:
            await self._kinds[claim.job.kind](claim, reporter)
            log.info("job.completed")
            await self._forget_input(claim)
        except (LeaseLost, Cancelled):
            log.warning("job.lease_lost")
        except EntropyError as error:
            await self._retry(claim, code=error.code, title=error.title)
        except ShieldError as error:
            log.info("job.refused", code=error.code)
            await self._fail(claim, code=error.code, title=error.title)
        except ApplicationError as error:
            if is_transient(error):
                await self._retry(claim, code=error.code, title=error.title)
            else:
                await self._fail(claim, code=error.code, title=error.title)
        except Exception:
            log.exception("job.broke")
            await self._retry(claim, code=POISON.code, title=POISON.title)

    async def _encrypt(self, claim: Claim, reporter: Reporter) -> None:
        reporter(Progress(Stage.VALIDATING))
        data, file_name = await self._claims.fetch_input(claim)
        image = await asyncio.to_thread(
            encrypt_image,
            data,
            source=self._source,
            pool=self._pool,
            wraps=[_wrap(claim)],
            purity=Purity(claim.job.purity_requested),
            layout=Layout(claim.job.layout_requested),
            file_name=file_name,
            job_id=ids.to_wire("job", claim.job.id),
            key_id=ids.new(),
            progress=reporter,
            threads=self._threads,
        )
        outcome = EncryptOutcome(
            png=image.png,
            key_id=image.key_file.key_id,
            key_file=image.key_file_bytes,
            image_header=image.header_bytes,
            image_tag=image.tag,
            columns=await asyncio.to_thread(_describe, image),
        )
        if image.statement.get("degraded"):
            ENTROPY_DEGRADED.inc()
        await reporter.begin(Stage.STORING)
        await self._claims.complete_encrypt(claim, outcome, progress=reporter.storing)

    async def _decrypt(self, claim: Claim, reporter: Reporter) -> None:
        reporter(Progress(Stage.VALIDATING))
        data, _ = await self._claims.fetch_input(claim)
        secret = claim.secret or {}
        image = await asyncio.to_thread(
            decrypt_image,
            data,
            b64decode(secret["key_file_b64"]),
            openers=_openers(claim, secret),
            progress=reporter,
            threads=self._threads,
        )
        outcome = DecryptOutcome(
            data=image.data,
            media_type=image.media_type,
            file_name=image.file_name,
            columns={"layout": str(image.layout), "metrics": {"timings_ms": image.timings_ms}},
        )
        await reporter.begin(Stage.STORING)
        await self._claims.complete_decrypt(claim, outcome, progress=reporter.storing)

    async def _forget_input(self, claim: Claim) -> None:
        with suppress(ApplicationError):
            await self._claims.delete_input(claim)

    async def _retry(self, claim: Claim, *, code: str, title: str) -> None:
        """Give the job back after a jittered wait, or end it where this was the last attempt."""
        if claim.last_attempt:
            await self._fail(claim, code=code, title=title)
            return
        log.warning("job.retry", code=code)
        await asyncio.sleep(RETRY_SECONDS * claim.job.attempts * (0.5 + random.random()))  # noqa: S311  jitter
        with suppress(ApplicationError):
            # Where the database is what is down, the lease runs out and the sweeper does it.
            await self._claims.release(claim)

    async def _fail(self, claim: Claim, *, code: str, title: str) -> None:
        with suppress(ApplicationError, LeaseLost):
            await self._claims.fail(claim, code=code, title=title)

    @asynccontextmanager
    async def _kept(self, claim: Claim) -> AsyncIterator[Reporter]:
        """Keep the lease and write the reports while the block runs."""
        reporter = Reporter(self._claims, claim)
        chores = [asyncio.create_task(reporter.run()), asyncio.create_task(self._beat(claim, reporter))]
        try:
            yield reporter
        finally:
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)

    async def _beat(self, claim: Claim, reporter: Reporter) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            try:
                if not await self._claims.heartbeat(claim):
                    reporter.stop()
            except ApplicationError as error:
                log.warning("job.heartbeat_missed", code=error.code)


def _wrap(claim: Claim) -> PassphraseWrap | VaultWrap:
    if claim.secret is not None:
        # A second attempt wraps another file key under the same wrap key and nonce. That is sound because a key file
        # leaves an attempt only in the transaction that ends the job: of all attempts at most one is ever seen.
        return PassphraseWrap(Kdf.from_json(claim.secret["kdf"]), b64decode(claim.secret["wrap_key_b64"]))
    key = claim.account_key
    return VaultWrap(ids.to_wire("acc", claim.job.account_id), key.id.hex, key.version, key.secret)


def _openers(claim: Claim, secret: dict[str, Any]) -> list[PlainOpen | PassphraseOpen | VaultOpen]:
    openers: list[PlainOpen | PassphraseOpen | VaultOpen] = [PlainOpen(), claim.vault_opener]
    if "wrap_key_b64" in secret:
        openers.append(PassphraseOpen(b64decode(secret["wrap_key_b64"])))
    return openers


def _describe(image: EncryptedImage) -> dict[str, Any]:
    """The columns of a finished encrypt job."""
    return {
        "purity_served": image.quantum_purity["served"],
        "purity_reason": image.quantum_purity["reason"],
        "layout": str(image.layout),
        "layout_reason": image.layout_reason,
        "warnings": list(image.warnings),
        "metrics": {"timings_ms": image.timings_ms},
        "receipt": {
            "statement": image.statement,
            "statement_sha256": image.statement_sha256,
            "image_sha256": hashlib.sha256(image.png).hexdigest(),
            "tag_b64": b64encode(image.tag),
            "signer": None,
            "signature_b64": None,
        },
    }
