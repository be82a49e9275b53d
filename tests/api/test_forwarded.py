"""The caller's address and scheme, read from the headers of trusted proxies: no server."""

import time
from ipaddress import ip_network

import pytest
from starlette.datastructures import Headers

from api.middleware.forwarded import Origin, find_origin, read_address

PROXY, INNER, CALLER = "10.0.0.1", "10.0.0.2", "203.0.113.7"
TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def find(*headers, peer=PROXY, style="x-forwarded", trusted=TRUSTED):
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    return find_origin(peer, Headers(raw=raw), trusted=trusted, style=style)


def x_forwarded(*values, **options):
    return find(*[("X-Forwarded-For", value) for value in values], **options).address


def forwarded(*values, **options):
    return find(*[("Forwarded", value) for value in values], style="forwarded", **options).address


class TestUntrustedPeer:
    @pytest.mark.parametrize("style", ["x-forwarded", "forwarded"])
    def test_moves_nothing(self, style):
        headers = [("X-Forwarded-For", "1.2.3.4"), ("Forwarded", "for=1.2.3.4"), ("X-Forwarded-Proto", "https")]
        assert find(*headers, peer=CALLER, style=style) == Origin(CALLER)
        assert find(*headers, style=style, trusted=()) == Origin(PROXY)

    def test_peer_without_address_stays(self):
        assert find(("X-Forwarded-For", "1.2.3.4"), peer="testclient") == Origin("testclient")

    def test_mapped_peer_is_version_4(self):
        assert x_forwarded(CALLER, peer="::ffff:10.0.0.1") == CALLER
        assert find(peer="::ffff:203.0.113.7") == Origin(CALLER)


class TestXForwardedFor:
    @pytest.mark.parametrize(
        ("values", "address"),
        [
            ([CALLER], CALLER),
            (["1.2.3.4, " + CALLER], CALLER),
            (["1.2.3.4", CALLER], CALLER),
            ([f"1.2.3.4, {CALLER}, {INNER}"], CALLER),
            ([f"{CALLER}:4711"], CALLER),
            (["2001:db8::7"], "2001:db8::7"),
            (["2001:DB8:0:0::7"], "2001:db8::7"),
            (["[2001:db8::7]:4711"], "2001:db8::7"),
            (["[2001:db8::7]"], "2001:db8::7"),
            (["::ffff:203.0.113.7"], CALLER),
            ([f"{CALLER}, fd00::5"], CALLER),
            ([f"{INNER}, {INNER}"], INNER),
        ],
    )
    def test_is_read_from_the_right(self, values, address):
        assert x_forwarded(*values) == address

    @pytest.mark.parametrize(
        "value",
        ["", ",", "unknown", "_hidden", "1.2.3", "1.2.3.4.5", "999.1.1.1", "fe80::1%eth0", "[::1", "::1]", '"1.2.3.4"'],
    )
    def test_garbage_leaves_the_proxy(self, value):
        assert x_forwarded(value) == PROXY
        assert x_forwarded(f"1.2.3.4, {value}") == PROXY
        assert x_forwarded(f"1.2.3.4, {value}, {INNER}") == INNER

    @pytest.mark.parametrize("value", ["1.2.3.4\x00", "1.2.3.4\xa0", "\xd9\xa1.2.3.4", "1.2.3.4:x"])
    def test_odd_characters_are_no_address(self, value):
        assert x_forwarded(value) == PROXY

    def test_search_ends_after_16_proxies(self):
        assert x_forwarded(",".join(["1.2.3.4", *[INNER] * 16])) == INNER
        assert x_forwarded(",".join(["1.2.3.4", *[INNER] * 15])) == "1.2.3.4"

    def test_other_style_is_ignored(self):
        assert find(("Forwarded", "for=1.2.3.4")) == Origin(PROXY)
        assert find(("X-Forwarded-For", "1.2.3.4"), style="forwarded") == Origin(PROXY)


class TestForwarded:
    @pytest.mark.parametrize(
        ("values", "address"),
        [
            (["for=203.0.113.7"], CALLER),
            (["For=203.0.113.7;proto=https;by=10.0.0.1"], CALLER),
            (['for="203.0.113.7:4711"'], CALLER),
            (['for="[2001:db8::7]:4711"'], "2001:db8::7"),
            (["for=1.2.3.4, for=203.0.113.7"], CALLER),
            (["for=1.2.3.4", "for=203.0.113.7"], CALLER),
            (["for=203.0.113.7, for=10.0.0.2"], CALLER),
            (["for=203.0.113.7; proto=http , for=10.0.0.2"], CALLER),
            (['for="2\\03.0.113.7"'], CALLER),
        ],
    )
    def test_is_read_from_the_right(self, values, address):
        assert forwarded(*values) == address

    @pytest.mark.parametrize(
        "begin", ['for="', 'for=1.2.3.4;x="', "for=1.2.3.4;for=", 'x="\\', '"', ";;;", "for=(", "="]
    )
    def test_callers_open_quotation_changes_nothing(self, begin):
        assert forwarded(begin, "for=203.0.113.7") == CALLER
        assert forwarded(f'{begin}, for="[2001:db8::7]";proto=https') == "2001:db8::7"

    @pytest.mark.parametrize(
        "value",
        ["for=unknown", "for=_hidden", "for=", "for", "proto=https", "for=1.2.3.4;for=203.0.113.7", 'for="', ","],
    )
    def test_garbage_leaves_the_proxy(self, value):
        assert forwarded(value) == PROXY
        assert forwarded("for=1.2.3.4", value) == PROXY

    @pytest.mark.parametrize("value", ["," * 32_000, 'a="' * 10_000, "; " * 16_000, "a=b;" * 8_000, "\\" * 32_000])
    def test_long_header_costs_little(self, value):
        began = time.perf_counter()
        assert forwarded(value) == PROXY
        assert x_forwarded(value) == PROXY
        assert time.perf_counter() - began < 0.5


class TestScheme:
    @pytest.mark.parametrize(
        ("told", "scheme"),
        [("https", "https"), ("HTTP", "http"), ("wss", "https"), ("ws", "http"), ("ftp", None), ("https,http", None)],
    )
    def test_of_x_forwarded_proto(self, told, scheme):
        assert find(("X-Forwarded-For", CALLER), ("X-Forwarded-Proto", told)) == Origin(CALLER, scheme)
        assert find(("X-Forwarded-Proto", told)) == Origin(PROXY, scheme)

    def test_said_twice_is_ignored(self):
        assert find(("X-Forwarded-Proto", "https"), ("X-Forwarded-Proto", "https")).scheme is None

    def test_forwarded_is_that_of_the_outermost_proxy(self):
        value = f"for={CALLER};proto=https, for={INNER};proto=http"
        assert find(("Forwarded", value), style="forwarded") == Origin(CALLER, "https")
        value = f"for=1.2.3.4;proto=https, for={CALLER};proto=http"
        assert find(("Forwarded", value), style="forwarded") == Origin(CALLER, "http")


class TestReadAddress:
    @pytest.mark.parametrize("node", ["1.2.3.4:123456", "1.2.3.4:", "[1.2.3.4", ":::", "1", "0x7f000001", "2130706433"])
    def test_refuses(self, node):
        assert read_address(node) is None

    def test_finds_version_4_in_6(self):
        assert str(read_address(" [::ffff:7f00:1]:80 ")) == "127.0.0.1"
