import os
import time

import pytest

from backplane.alive import SEEN_SECONDS, alive_file, main


@pytest.fixture(autouse=True)
def directory(monkeypatch, tmp_path):
    monkeypatch.setenv("ALIVE_DIRECTORY", str(tmp_path))


class TestAlive:
    def test_process_without_file_is_not_alive(self):
        assert main(["worker"]) == 1

    def test_recent_loop_is_alive(self):
        alive_file("worker").touch()
        assert main([]) == 0

    def test_loop_that_hung_a_minute_is_not_alive(self):
        file = alive_file("relay")
        file.touch()
        then = time.time() - SEEN_SECONDS - 1
        os.utime(file, (then, then))
        assert main(["relay"]) == 1

    def test_the_worker_does_not_speak_for_the_relay(self):
        alive_file("worker").touch()
        assert main(["relay"]) == 1
