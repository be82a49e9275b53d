"""Firefox of this machine, driven by WebDriver BiDi (W3C): a WebSocket that Firefox itself offers.

Playwright drives only its own build of Firefox, and a geckodriver would be one more program to install.
"""

import itertools
import json
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import IO, Any

import websockets.sync.client

from tests.console.browsers import REPORT_VIOLATIONS

START_SECONDS = 60
DOWNLOADED = "browsingContext.downloadEnd"
TAB, ENTER = "\ue004", "\ue007"
PREFERENCES = """
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("app.update.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("browser.download.folderList", 2);
user_pref("browser.download.dir", %s);
"""


class Firefox:
    """One tab of a running Firefox."""

    def __init__(self, socket: websockets.sync.client.ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.events: list[dict[str, Any]] = []
        self.send("session.new", capabilities={})
        self._tab = self.send("browsingContext.getTree")["contexts"][0]["context"]
        self.send("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent", DOWNLOADED])
        self.send("script.addPreloadScript", functionDeclaration=f"() => {{ {REPORT_VIOLATIONS} }}")

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result; events that arrive meanwhile are kept."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=120))
            if message.get("id") == number:
                assert message["type"] == "success", message
                return message["result"]
            self.events.append(message)

    def open(self, url: str) -> None:
        self.send("browsingContext.navigate", context=self._tab, url=url, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """Evaluate an expression; a promise is awaited. The result is a string, a number, a boolean or null."""
        answer = self.send(
            "script.evaluate",
            expression=expression,
            target={"context": self._tab},
            awaitPromise=True,
            resultOwnership="none",
        )
        assert answer["type"] == "success", answer
        return answer["result"].get("value")

    def choose_files(self, selector: str, files: list[Path]) -> None:
        """Choose files in an input, as a person does in the dialog."""
        found = self.send("browsingContext.locateNodes", context=self._tab, locator={"type": "css", "value": selector})
        element = {"sharedId": found["nodes"][0]["sharedId"]}
        self.send("input.setFiles", context=self._tab, element=element, files=[str(path) for path in files])

    def type(self, text: str) -> None:
        """Press keys, one for each character; TAB and ENTER are two of them."""
        pressed = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        keyboard = {"type": "key", "id": "keyboard", "actions": pressed}
        self.send("input.performActions", context=self._tab, actions=[keyboard])

    def await_download(self) -> Path:
        """Wait for the end of a download that was begun, and return its file."""
        while (ended := next((one for one in self.events if one["method"] == DOWNLOADED), None)) is None:
            self.events.append(json.loads(self._socket.recv(timeout=60)))
        self.events.remove(ended)
        assert ended["params"]["status"] == "complete", ended
        return Path(ended["params"]["filepath"])

    def settle(self) -> None:
        """Wait until the browser has delivered what happened before."""
        self.evaluate("new Promise((resolve) => setTimeout(resolve, 20)).then(() => null)")

    def forget(self) -> None:
        self.events.clear()

    @property
    def errors(self) -> list[str]:
        """Errors of scripts and violations of the policy."""
        return [event["params"]["text"] for event in self.events if event["params"].get("level") == "error"]

    @property
    def requests(self) -> list[str]:
        sent = [event for event in self.events if event["method"] == "network.beforeRequestSent"]
        return [event["params"]["request"]["url"] for event in sent]


@contextmanager
def running_firefox(program: str, profile: Path, *, downloads: Path) -> Iterator[Firefox]:
    (profile / "user.js").write_text(PREFERENCES % json.dumps(str(downloads)), encoding="utf-8")
    command = [program, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    found: Queue[str] = Queue()
    reader = threading.Thread(target=_read, args=(process.stderr, found))
    reader.start()
    try:
        address = found.get(timeout=START_SECONDS)
        with websockets.sync.client.connect(f"{address}/session", proxy=None, max_size=None) as socket:
            yield Firefox(socket)
    finally:
        process.terminate()
        process.wait(30)
        reader.join(30)


def _read(stream: IO[str], found: Queue[str]) -> None:
    """Read to the end what Firefox prints, or a full pipe would stop it; its address is in one of the lines."""
    with stream:
        for line in stream:
            if listening := re.search(r"BiDi listening on (ws://\S+)", line):
                found.put(listening[1])
