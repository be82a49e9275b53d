"""A real Traefik before a gateway, with its own defaults: it drops what callers forward, or believes everybody."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from imageshield.servers import ports
from tests.support.stack import wait_until

TRAEFIK = Path(sys.executable).with_name("traefik")


@dataclass(frozen=True)
class Proxy:
    """Its addresses: plain, and with a certificate that it makes for itself."""

    http: str
    https: str


@contextmanager
def traefik(folder: Path, gateway: str, *, believes_callers: bool = False) -> Iterator[Proxy]:
    """Run Traefik during the block; it answers for every host."""
    plain = ports.choose()
    secure = ports.choose(avoid={plain})
    rules = folder / "rules.yaml"
    service = {"loadBalancer": {"servers": [{"url": gateway}]}}
    routers = {
        "plain": {"rule": "PathPrefix(`/`)", "service": "gateway", "entryPoints": ["plain"]},
        "secure": {"rule": "PathPrefix(`/`)", "service": "gateway", "entryPoints": ["secure"], "tls": {}},
    }
    rules.write_text(json.dumps({"http": {"routers": routers, "services": {"gateway": service}}}))
    forwarded = {"forwardedHeaders": {"insecure": believes_callers}}
    static = folder / "traefik.yaml"
    static.write_text(
        json.dumps(
            {
                "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
                "entryPoints": {
                    "plain": {"address": f"127.0.0.1:{plain}", **forwarded},
                    "secure": {"address": f"127.0.0.1:{secure}", **forwarded},
                },
                "providers": {"file": {"filename": str(rules)}},
            }
        )
    )
    found = TRAEFIK if TRAEFIK.exists() else shutil.which("traefik")
    with (folder / "traefik.log").open("wb") as log:
        running = subprocess.Popen([str(found), f"--configFile={static}"], stdout=log, stderr=log, cwd=folder)
    proxy = Proxy(f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{secure}")
    try:
        wait_until(lambda: _answers(proxy), "Traefik")
        yield proxy
    finally:
        running.terminate()
        running.wait(20)


def _answers(proxy: Proxy) -> bool:
    with httpx.Client(trust_env=False, verify=False) as http:  # noqa: S501 - its own certificate, of a moment ago
        try:
            return all(http.get(url + "/health").status_code == 200 for url in (proxy.http, proxy.https))
        except httpx.TransportError:
            return False
