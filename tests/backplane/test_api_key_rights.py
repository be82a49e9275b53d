from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backplane.errors import InsufficientScope
from backplane.services.identity.api_key_rights import Rights, is_allowed, read_networks

NOW = datetime(2026, 11, 30, tzinfo=UTC)


def within(rights, own):
    try:
        rights.require_within(own)
    except InsufficientScope:
        return False
    return True


NETWORKS = st.none() | st.lists(
    st.builds(
        lambda address, prefix: str(ip_network(f"{ip_address(address)}/{prefix}", strict=False)),
        st.integers(0, 2**32 - 1),
        st.integers(0, 32),
    ),
    min_size=1,
    max_size=4,
)
RIGHTS = st.builds(
    lambda scopes, networks, days, rate: Rights(
        frozenset(scopes), read_networks(networks), NOW + timedelta(days=days) if days is not None else None, rate
    ),
    st.sets(st.sampled_from(["jobs:read", "jobs:write", "api-keys:write"])),
    NETWORKS,
    st.none() | st.integers(0, 5),
    st.none() | st.integers(1, 5),
)


class TestRights:
    @given(RIGHTS)
    def test_every_key_may_make_its_equal(self, rights):
        assert within(rights, rights)

    @given(RIGHTS)
    def test_user_passes_on_any_limit(self, rights):
        assert within(rights, Rights(rights.scopes))

    @given(RIGHTS, RIGHTS, RIGHTS)
    def test_it_is_transitive(self, least, middle, most):
        """So no chain of keys gains anything."""
        if within(least, middle) and within(middle, most):
            assert within(least, most)

    @given(RIGHTS, RIGHTS, st.integers(0, 2**32 - 1))
    def test_no_key_reaches_further(self, made, own, number):
        address = str(ip_address(number))
        if within(made, own) and is_allowed(address, made.networks):
            assert is_allowed(address, own.networks)
            assert made.scopes <= own.scopes


class TestNetworks:
    @pytest.mark.parametrize(
        ("address", "networks", "expected"),
        [
            ("192.0.2.7", None, True),
            (None, None, True),
            ("192.0.2.7", ["192.0.2.0/24"], True),
            ("192.0.3.7", ["192.0.2.0/24"], False),
            ("::ffff:192.0.2.7", ["192.0.2.0/24"], True),
            ("::ffff:192.0.2.7", ["::/0"], False),
            ("2001:db8::1", ["2001:db8::/32"], True),
            ("2001:db8::1", ["0.0.0.0/0"], False),
            ("192.0.2.7", ["::/0"], False),
            (None, ["0.0.0.0/0"], False),
            ("", ["0.0.0.0/0"], False),
            ("testclient", ["0.0.0.0/0", "::/0"], False),
            ("192.0.2.7 ", ["192.0.2.0/24"], False),
            ("0300.0.2.7", ["192.0.2.0/24"], False),
        ],
    )
    def test_addresses(self, address, networks, expected):
        assert is_allowed(address, read_networks(networks)) is expected
