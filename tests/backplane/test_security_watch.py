"""The watch: each finding once, whatever is killed, and however many relays look."""

import asyncio
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from backplane import ids
from backplane.services.audit import trail
from backplane.services.requests.networks import range_of, subscriber_of
from backplane.services.security import windows
from backplane.services.security.detectors import detectors_of
from backplane.services.security.rules import RULES
from backplane.wiring.security import wire_watch
from tests.support.stack import ROOT

pytestmark = [pytest.mark.stack, pytest.mark.anyio]

KILLED = """
import asyncio
from backplane.settings import load_settings
from backplane.wiring.resources import open_resources
from backplane.wiring.security import wire_watch

async def main():
    async with open_resources(load_settings()) as resources:
        await wire_watch(resources).watch_all()

asyncio.run(main())
"""


@pytest.fixture
def attack(resources, sealing, ada):
    """Write and seal what a scan of ids leaves in the trail."""

    async def run(count=60, times=1):
        async with resources.database.transaction() as session:
            for _ in range(times):
                details = {"count": count}
                trail.record(session, ada, "ids.not_found", outcome=trail.FAILURE, details=details)
        await sealing.sealer.seal_all()

    return run


@pytest.fixture
def events(sql):
    async def run():
        return await sql("SELECT rule, count FROM security_events ORDER BY id")

    return run


class TestOnce:
    @pytest.mark.parametrize("point", ["security.looked", "security.raised", "security.watched"])
    async def test_killed_at_each_step(self, point, *, attack, events, resources, settings, sql, tmp_path):
        await attack()
        (tmp_path / point).write_text("kill")
        values = {name.upper(): getattr(settings, name) for name in type(settings).model_fields}
        plain = {
            name: getattr(value, "get_secret_value", lambda value=value: value)() for name, value in values.items()
        }
        environment = {name: str(value) for name, value in plain.items() if isinstance(value, (str, os.PathLike))}
        environment = os.environ | environment | {"FAILPOINTS_DIRECTORY": str(tmp_path)}
        killed = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-c", KILLED], cwd=ROOT, env=environment, capture_output=True, check=False
        )
        assert killed.returncode == -9, killed.stderr.decode()
        await wire_watch(resources).watch_all()
        assert await events() == [{"rule": "id_scraping", "count": 60}]
        assert await sql("SELECT id FROM security_observations") == []

    async def test_many_relays(self, attack, events, resources):
        await attack(times=1200)
        watches = [wire_watch(resources) for _ in range(4)]
        while sum(await asyncio.gather(*(watch.watch() for watch in watches))):
            pass
        assert await events() == [{"rule": "id_scraping", "count": 60 * 1200}]

    async def test_switched_off_rule_finds_nothing(self, attack, events, resources, settings):
        await attack()
        off = settings.model_copy(update={"security_id_scraping": 0})
        await wire_watch(replace(resources, settings=off)).watch_all()
        assert await events() == []

    async def test_other_entries_leave_no_observation(self, act, sealing, sql):
        await act(times=3)
        await sealing.sealer.seal_all()
        assert await sql("SELECT id FROM security_observations") == []

    async def test_old_memory_is_deleted(self, attack, resources, sql):
        await attack(count=1)
        watch = wire_watch(resources)
        await watch.watch_all()
        await watch.collect()
        assert len(await sql("SELECT key FROM security_tallies")) == 1
        await sql("UPDATE security_tallies SET expires_at = now() - interval '1 s'")
        await watch.collect()
        assert await sql("SELECT key FROM security_tallies") == []


class TestPersonData:
    async def test_rests_as_pseudonyms(self, resources, sealing, sql, ada):
        async with resources.database.transaction() as session:
            for person in ({"email": "ada@example.org"}, {"device": "Firefox"}):
                trail.record(session, ada, "account.login", person=person)
        await sealing.sealer.seal_all()
        await wire_watch(resources).watch_all()
        [tally] = await sql("SELECT state::text FROM security_tallies WHERE rule = 'new_network'")
        assert "192.0.2" not in tally["state"]
        assert "Firefox" not in tally["state"]


class TestDetectors:
    def test_zero_switches_off(self, settings):
        off = settings.model_copy(update={rule.setting: 0 for rule in RULES.values()})
        assert len(detectors_of(settings)) == len(RULES)
        assert detectors_of(off) == []


class TestWindows:
    NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)

    def test_old_parts_leave(self):
        state = {}
        for minutes, expected in [(0, 1), (30, 2), (59, 3), (70, 3), (200, 1)]:
            assert windows.add(state, "count", self.NOW + timedelta(minutes=minutes)) == expected

    def test_late_entry_counts_now(self):
        state = {}
        windows.add(state, "count", self.NOW)
        assert windows.add(state, "count", self.NOW - timedelta(minutes=7)) == 2

    def test_equal_values_count_once(self):
        state = {}
        seen = [windows.add_distinct(state, "files", self.NOW, one, at_most=3) for one in "aabcde"]
        assert seen == [1, 1, 2, 3, 3, 3]


class TestNetworks:
    @pytest.mark.parametrize(
        ("address", "subscriber", "network"),
        [
            ("192.0.2.17", "192.0.2.17/32", "192.0.2.0/24"),
            ("::ffff:192.0.2.17", "192.0.2.17/32", "192.0.2.0/24"),
            ("2001:db8:1:2:3::4", "2001:db8:1:2::/64", "2001:db8:1::/48"),
            ("testclient", None, None),
            (None, None, None),
        ],
    )
    def test_groups_of_addresses(self, address, subscriber, network):
        assert (subscriber_of(address), range_of(address)) == (subscriber, network)


class TestIds:
    def test_id_says_when_it_was_made(self):
        assert abs(ids.time_of(ids.new()) - datetime.now(UTC)) < timedelta(seconds=5)
