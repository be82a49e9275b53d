"""`imageshield demo`: the whole system, one picture there and back through the API, and the evidence."""

import asyncio
import hashlib
import io
import json
import secrets
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import websockets
from PIL import Image
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from imageshield.commands.service.up import reporter
from imageshield.servers import system
from imageshield.servers.home import scratch
from imageshield.terminal import reporting
from imageshield.terminal.failures import Failure
from imageshield.terminal.reporting import print_json, printable, say
from shield_core.analysis.measures import shannon
from shield_core.encrypted.evidence import look_at_image, look_at_key
from shield_core.keys import jwk
from shield_core.keys.jwk import Algorithm
from shield_core.keys.stanzas import PlainOpen
from shield_core.pipeline import decrypt_image
from shield_core.progress import Stage
from shield_core.quantum import receipt as receipts
from shield_core.quantum.verdict import Outcome, verify

SAMPLE = Path(__file__).resolve().parents[3] / "samples" / "astronaut.png"
API = "/api/v1"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen, and whether it is what was promised."""

    image: str
    pixels: str
    job: dict[str, Any]
    events: int
    percentages: list[int]
    seconds_to_completed: float
    entropy_original: float
    entropy_encrypted: float
    statement: dict[str, Any]
    signer: str
    receipt_outcome: str
    receipt_checks: dict[str, bool]
    sha256_original: str
    sha256_decrypted: str
    sha256_decrypted_offline: str

    @property
    def equal(self) -> bool:
        return self.sha256_original == self.sha256_decrypted == self.sha256_decrypted_offline

    @property
    def verified(self) -> bool:
        return self.receipt_outcome == Outcome.VERIFIED


def run(image: Path = SAMPLE, *, as_json: bool = False) -> int:
    """Start everything in a directory of its own, show it, stop everything. Returns the exit code."""
    if not image.is_file():
        say(f"there is no picture {image}")
        return 1
    with (
        scratch() as path,
        system.running(path, report=reporter(sys.stderr, path / "logs" / "supervisor.log")) as running,
    ):
        evidence = asyncio.run(there_and_back(running.url, image.name, image.read_bytes()))
    if as_json:
        print_json(asdict(evidence) | {"equal": evidence.equal, "verified": evidence.verified})
    else:
        show(evidence)
    return 0 if evidence.equal and evidence.verified else 1


async def there_and_back(url: str, name: str, original: bytes) -> Evidence:
    """Encrypt a picture, watch it, download everything, decrypt it, and compare."""
    async with signed_in(url) as client:
        started = time.perf_counter()
        job = await expect(client.post(f"{API}/encrypt", files={"image": (name, original)}), 202)
        events = await watch(url, client.headers["Authorization"], job["job_id"])
        seconds = time.perf_counter() - started
        job = await expect(client.get(f"{API}/jobs/{job['job_id']}"), 200)
        encrypted = (await client.get(job["result_url"])).raise_for_status().content
        key_file = (await client.get(job["key_file_url"])).raise_for_status().content
        receipt = (await client.get(job["receipt_url"])).raise_for_status().content
        published = (await client.get("/.well-known/jwks.json")).raise_for_status().content
        decrypted = await client.post(
            f"{API}/decrypt", files={"encrypted_image": ("noise.png", encrypted), "key_file": ("key.qkey", key_file)}
        )
        decrypted.raise_for_status()
    offline = decrypt_image(encrypted, key_file, openers=[PlainOpen()])
    shown = receipts.parse(receipt)
    verdict = verify(
        shown,
        keys=jwk.parse(published, use=receipts.USE).keys,
        image=look_at_image(encrypted),
        key=look_at_key(key_file, openers=[PlainOpen()], image=encrypted),
    )
    before, after = samples(original), samples(encrypted)
    return Evidence(
        image=name,
        pixels=f"{job['image']['width']} by {job['image']['height']} {job['image']['mode']}",
        job=job,
        events=len(events),
        percentages=sorted({event["payload"]["progress"] for event in events if event["type"] == "progress"}),
        seconds_to_completed=round(seconds, 3),
        entropy_original=round(shannon.of_samples(before), 4),
        entropy_encrypted=round(shannon.of_samples(after), 4),
        statement=dict(shown.statement),
        signer=shown.signers.get(Algorithm.ED25519, "nobody"),
        receipt_outcome=verdict.outcome.value,
        receipt_checks=dict(verdict.checks),
        sha256_original=hashlib.sha256(before).hexdigest(),
        sha256_decrypted=hashlib.sha256(samples(decrypted.content)).hexdigest(),
        sha256_decrypted_offline=hashlib.sha256(samples(bytes(offline.data))).hexdigest(),
    )


@asynccontextmanager
async def signed_in(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """Register a throw-away account and sign its requests."""
    email, password = "demo@example.org", secrets.token_urlsafe(18)
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:
        await expect(client.post(f"{API}/auth/register", json={"email": email, "password": password}), 201)
        form = {"grant_type": "password", "username": email, "password": password}
        token = await expect(client.post(f"{API}/auth/token", data=form), 200)
        client.headers["Authorization"] = f"Bearer {token['access_token']}"
        yield client


async def expect(request: Any, status: int) -> dict[str, Any]:
    response = await request
    if response.status_code != status:
        raise Failure("demo-failed", "The demo failed", f"the gateway answered {response.status_code}: {response.text}")
    return dict(response.json())


async def watch(url: str, authorization: str, job_id: str) -> list[dict[str, Any]]:
    """Follow a job over its socket to the end, with a bar on a terminal and a line for each stage elsewhere."""
    address = url.replace("http://", "ws://", 1) + f"/ws/progress/{job_id}"
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description:<24}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    events: list[dict[str, Any]] = []
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("queued", total=100)
        async with websockets.connect(
            address, additional_headers={"Authorization": authorization}, proxy=None
        ) as socket:
            async for frame in socket:
                event = json.loads(frame)
                if event["type"] == "snapshot":
                    continue
                events.append(event)
                payload = {"stage": event["type"], "progress": 100} | event["payload"]
                bar.update(task, description=printable(str(payload["stage"])), completed=payload["progress"])
                if not console.is_terminal:
                    say(f"{payload['progress']:>3} % {payload['stage']}")
    if not events or events[-1]["type"] != "completed":
        what = events[-1] if events else "no event came"
        raise Failure("demo-failed", "The demo failed", f"the job did not complete: {what}")
    return events


def samples(data: bytes) -> np.ndarray:
    """Decode a picture into its samples."""
    with Image.open(io.BytesIO(data)) as picture:
        return np.ascontiguousarray(np.asarray(picture))


def show(evidence: Evidence) -> None:
    """Print what was seen."""
    job, raw, source = evidence.job, evidence.statement["raw"], evidence.statement["source"]
    system_bits = evidence.statement["system"]
    line("picture", f"{evidence.image}, {evidence.pixels}, layout {job['layout']}")
    line(
        "job", f"{job['job_id']}, {evidence.seconds_to_completed:.2f} s from 202 to completed, {evidence.events} events"
    )
    for stage in (stage for stage in Stage if stage in job["metrics"]["timings_ms"]):
        line(f"  {stage}", f"{job['metrics']['timings_ms'][stage]:.1f} ms")
    line("entropy", f"{evidence.entropy_original:.4f} before, {evidence.entropy_encrypted:.4f} after, of 8 bits a byte")
    line("bits", f"{raw['bits']} measured on {source['name']} ({source['kind']}), credited with {raw['credited_bits']}")
    line("", f"{system_bits['bits']} from {system_bits['generator']}, on which the strength rests")
    held = sum(evidence.receipt_checks.values())
    line("receipt", f"{evidence.receipt_outcome}, {held} of {len(evidence.receipt_checks)} checks hold, signed by")
    line("", f"{evidence.signer} of /.well-known/jwks.json")
    line("sha256 of pixels", f"{evidence.sha256_original} original")
    line("", f"{evidence.sha256_decrypted} decrypted by the service")
    line("", f"{evidence.sha256_decrypted_offline} decrypted offline")
    reporting.show("equal" if evidence.equal else "NOT EQUAL")


def line(name: str, value: str) -> None:
    reporting.show(f"{name:<26}{value}")
