"""The examples of docs/reference/api.md for following a job, executed as they are printed."""

import asyncio
import json
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue

import pytest

from tests.api.conftest import eventually, serving
from tests.api.test_progress import run
from tests.support.stack import ROOT

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

BROWSER = shutil.which("chromium")
PAGE = """<!doctype html><title>follow</title><script>
%s
const received = [];
follow("%s", "%s", async () => "%s", (message) => received.push(message))
  .then(() => received, (error) => String(error))
  .then((all) => fetch("/received", { method: "POST", body: JSON.stringify(all) }));
</script>"""


def example(language):
    section = (ROOT / "docs/reference/api.md").read_text().split("## Following a job")[1].split("\n## ")[0]
    [code] = re.findall(rf"(?ms)^```{language}\n(.*?)^```", section)
    return code


@contextmanager
def site() -> Iterator[tuple[str, dict[str, str], SimpleQueue]]:
    """Serve a page on another origin; yield its origin, its files, and the results that it posts."""
    page: dict[str, str] = {}
    received: SimpleQueue = SimpleQueue()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = page.get(self.path, "").encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            received.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", page, received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class TestExamples:
    async def test_python_example_yields_every_message(self, server, wired, engine):
        job_id = await wired.encrypt()
        await run(engine, job_id)
        names: dict = {}
        exec(compile(example("python"), "docs/reference/api.md", "exec"), names)  # noqa: S102 - our own page
        received = await asyncio.to_thread(lambda: list(names["follow"](server.base_url, job_id, lambda: wired.token)))
        assert [message["type"] for message in received] == ["snapshot", *["progress"] * 6, "error"]

    @pytest.mark.skipif(BROWSER is None, reason="the example needs a browser")
    async def test_browser_example_receives_every_message(self, gateway_settings, wired, engine, tmp_path):
        with site() as (origin, page, received), serving(gateway_settings(allowed_origins=origin)) as gateway:
            job_id = await wired.encrypt()
            page["/"] = PAGE % (example("js"), gateway.base_url, job_id, wired.token)
            browser = await asyncio.create_subprocess_exec(
                *(BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-proxy-server"),
                *(f"--user-data-dir={tmp_path}", "--remote-debugging-port=0", origin),
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
            try:
                await eventually(lambda: gateway.services.resources.bus.listened_to)
                await run(engine, job_id)
                await eventually(lambda: not received.empty())
            finally:
                browser.terminate()
                await browser.wait()
        messages = received.get()
        assert [message["type"] for message in messages] == ["snapshot", *["progress"] * 6, "error"]
        assert [message["seq"] for message in messages[1:]] == list(range(1, 8))
