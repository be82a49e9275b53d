import asyncio
import os
import signal
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest

from backplane import derivation
from backplane.derivation import frame, serve
from backplane.errors import Overloaded, Unavailable
from backplane.services.sealing import derivations
from backplane.services.sealing.derivations import Derivations
from shield_core.keys.canonical import b64encode
from shield_core.keys.passphrase import Argon2, Pbkdf2, derive_wrap_key

pytestmark = pytest.mark.anyio

ADA, BOB = UUID(int=1), UUID(int=2)
WEAK = Argon2(bytes(16), m_kib=19_456, t=1, p=1)
SECRET = "sch\u00f6ner canary-Zx9!-secret"


@pytest.fixture
async def deriving():
    running = Derivations()
    yield running
    await running.close()


async def pid_of(deriving):
    """Derive once, so that there is a child."""
    await deriving.derive(ADA, WEAK, SECRET)
    return deriving._process.pid


def seen(pid, name):
    return Path(f"/proc/{pid}/{name}").read_text()


def is_there(pid):
    return Path(f"/proc/{pid}").exists()


class TestDerive:
    @pytest.mark.parametrize("kdf", [WEAK, Argon2(bytes(16), m_kib=65_536, t=1, p=16), Pbkdf2(bytes(16))])
    async def test_gives_what_the_core_derives(self, deriving, kdf):
        assert await deriving.derive(ADA, kdf, SECRET) == derive_wrap_key(SECRET, kdf)

    async def test_one_child_serves_all_at_once(self, deriving):
        pid = await pid_of(deriving)
        texts = [f"password {number}" for number in range(6)]
        keys = await asyncio.gather(*(deriving.derive(UUID(int=n % 3), WEAK, text) for n, text in enumerate(texts)))
        assert keys == [derive_wrap_key(text, WEAK) for text in texts]
        assert deriving._process.pid == pid

    async def test_nothing_secret_is_seen_from_outside(self, deriving, monkeypatch):
        monkeypatch.setenv("CANARY", SECRET)
        pid = await pid_of(deriving)
        for name in ("cmdline", "environ"):
            shown = seen(pid, name)
            assert "canary" not in shown
            assert "CANARY" not in shown

    async def test_gives_way_to_everything_else(self, deriving):
        pid = await pid_of(deriving)
        assert os.getpriority(os.PRIO_PROCESS, pid) >= derivation.NICENESS
        assert seen(pid, "oom_score_adj").strip() == "1000"

    async def test_a_killed_child_is_replaced(self, deriving):
        pid = await pid_of(deriving)
        os.kill(pid, signal.SIGKILL)
        assert await deriving.derive(ADA, WEAK, SECRET) == derive_wrap_key(SECRET, WEAK)
        assert deriving._process.pid != pid

    async def test_killed_child_is_replaced_and_asked_again(self, deriving):
        pid = await pid_of(deriving)
        os.kill(pid, signal.SIGSTOP)
        waiting = asyncio.create_task(deriving.derive(ADA, WEAK, SECRET))
        await asyncio.sleep(0)
        os.kill(pid, signal.SIGKILL)
        assert await waiting == derive_wrap_key(SECRET, WEAK)

    async def test_children_that_always_die_are_unavailable(self, deriving, monkeypatch):
        monkeypatch.setattr(derivations.sys, "executable", "/bin/false")
        with pytest.raises(Unavailable):
            await deriving.derive(ADA, WEAK, SECRET)
        monkeypatch.undo()
        assert await deriving.derive(ADA, WEAK, SECRET) == derive_wrap_key(SECRET, WEAK)

    async def test_a_child_that_hangs_is_replaced(self, deriving, monkeypatch):
        pid = await pid_of(deriving)
        os.kill(pid, signal.SIGSTOP)
        monkeypatch.setattr(derivations, "PATIENCE_SECONDS", 0.01)
        monkeypatch.setattr(derivations, "ATTEMPTS", 1)
        with pytest.raises(Unavailable):
            await deriving.derive(ADA, WEAK, SECRET)
        assert not is_there(pid)

    async def test_who_stops_waiting_leaves_no_answer_behind(self, deriving):
        pid = await pid_of(deriving)
        os.kill(pid, signal.SIGSTOP)
        waiting = asyncio.create_task(deriving.derive(ADA, WEAK, SECRET))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert not is_there(pid)
        assert await deriving.derive(BOB, WEAK, "another") == derive_wrap_key("another", WEAK)

    async def test_a_full_queue_is_of_one_account(self, deriving):
        pid = await pid_of(deriving)
        os.kill(pid, signal.SIGSTOP)
        mine = [asyncio.create_task(deriving.derive(ADA, WEAK, SECRET)) for _ in range(derivations.WAITING + 1)]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await deriving.derive(ADA, WEAK, SECRET)
        other = asyncio.create_task(deriving.derive(BOB, WEAK, "another"))
        await asyncio.sleep(0)
        os.kill(pid, signal.SIGCONT)
        assert await other == derive_wrap_key("another", WEAK)
        assert not mine[-1].done()
        await asyncio.gather(*mine)


class TestClose:
    async def test_ends_the_child_at_work(self):
        deriving = Derivations()
        pid = await pid_of(deriving)
        os.kill(pid, signal.SIGSTOP)
        await deriving.close()
        assert not is_there(pid)
        await deriving.close()

    def test_a_dead_gateway_takes_it_along(self):
        """However the gateway ends, its end of the pipe closes."""
        code = "import backplane.derivation as d; d.main()"
        with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as child:
            child.stdin.close()
            assert child.wait(30) == 0


class TestServe:
    def request(self, kdf=WEAK):
        return frame({"kdf": kdf.to_json(), "password_b64": b64encode(SECRET.encode())})

    def test_answers_each_until_the_end(self, monkeypatch):
        monkeypatch.setattr(derivation, "bound_memory", lambda _: None)
        answers = BytesIO()
        serve(BytesIO(self.request() + self.request(Pbkdf2(bytes(16))) + b"\x00"), answers)
        expected = [derive_wrap_key(SECRET, kdf) for kdf in (WEAK, Pbkdf2(bytes(16)))]
        assert answers.getvalue() == b"".join(frame({"wrap_key_b64": b64encode(key)}) for key in expected)

    def test_memory_is_bounded_by_what_is_asked_for(self):
        code = (
            "import resource, backplane.derivation as d; d.OVERHEAD_BYTES = 8 << 20; d.bound_memory(1024)\n"
            "try: bytearray(64 << 20)\n"
            "except MemoryError: print('bounded')\n"
            "d.bound_memory(128 * 1024); bytearray(64 << 20); print('and let go')"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
        assert done.stdout.split("\n") == ["bounded", "and let go", ""]

    def test_starts_without_kernels_and_services(self):
        code = (
            "import sys, backplane.derivation\n"
            "heavy = {'numba', 'numpy', 'qiskit', 'sqlalchemy', 'fastapi', 'pydantic', 'celery'}\n"
            "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
        )
        subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
