"""S27: the guard against private addresses, in every spelling."""

import asyncio
import time
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backplane.addresses import AddressRefused, Guard, Resolver, Target, is_public, parse
from backplane.errors import WebhookUrlRefused

LOOPBACK = ip_network("127.0.0.0/8")
PUBLIC = ip_address("93.184.216.34")
METADATA = ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192"]
NEVER = [
    *METADATA,
    *(
        "0.0.0.0",  # noqa: S104 - looked at, not bound
        "0.1.2.3",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "172.31.255.255",
    ),
    *("192.0.2.7", "192.88.99.1", "192.168.1.1", "198.18.0.1", "203.0.113.9", "224.0.0.1", "239.1.1.1"),
    *("240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fe80::1", "fe80::1%1", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1", "3fff::1", "2001::1"),
    *("::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:8.8.8.8", "::7f00:1", "64:ff9b::7f00:1", "64:ff9b::808:808"),
    *("64:ff9b:1::1", "2002:7f00:1::1", "2002:808:808::1", "100::1", "5f00::1", "4000::1"),
]
ALWAYS = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"]


def answering(*addresses):
    """Make a resolver that always gives these."""

    async def resolve(_host):
        return [ip_address(address) for address in addresses]

    return resolve


def target(url="https://example.org/hook"):
    return parse(url)


class TestPublic:
    @pytest.mark.parametrize("address", NEVER)
    def test_what_is_somebodys_own_is_not(self, address):
        assert not is_public(ip_address(address))

    @pytest.mark.parametrize("address", ALWAYS)
    def test_what_is_on_the_internet_is(self, address):
        assert is_public(ip_address(address))

    @given(st.integers(0, 2**32 - 1).map(IPv4Address))
    def test_nothing_that_pythons_registry_calls_private_is_public(self, address):
        """The standard library keeps IANA's registries too, by another hand."""
        if not address.is_global or address.is_multicast:
            assert not is_public(address)

    @given(st.integers(0, 2**128 - 1).map(IPv6Address))
    def test_nor_of_the_other_family(self, address):
        if not address.is_global or address.is_multicast or address.ipv4_mapped or address.sixtofour:
            assert not is_public(address)

    @given(st.integers(0, 2**32 - 1))
    def test_ipv6_forms_of_ipv4_addresses_are_not_public(self, number):
        for prefix in ("::ffff:0:0", "64:ff9b::", "::", "::ffff:0:0:0"):
            assert not is_public(IPv6Address(int(IPv6Address(prefix)) + number))
        assert not is_public(IPv6Address((0x2002 << 112) + (number << 80)))


class TestUrls:
    @pytest.mark.parametrize(
        ("url", "expected"),
        [
            ("https://example.org/hook", Target("https", "example.org", 443)),
            ("https://EXAMPLE.org", Target("https", "example.org", 443)),
            ("https://example.org:8443/a/b;c?d=e", Target("https", "example.org", 8443)),
            ("http://10.0.0.1:9000/", Target("http", "10.0.0.1", 9000)),
            ("https://[2606:4700::1]/x", Target("https", "2606:4700::1", 443)),
            ("https://xn--bcher-kva.example/", Target("https", "xn--bcher-kva.example", 443)),
        ],
    )
    def test_are_read(self, url, expected):
        assert parse(url) == expected

    @pytest.mark.parametrize(
        "url",
        [
            *("", "example.org", "/hook", "ftp://example.org/", "file:///etc/passwd", "gopher://example.org/"),
            *("https://", "https:///path", "https://user@example.org/", "https://user:secret@example.org/"),
            *("https://example.org@127.0.0.1/", "https://example.org/#top", "https://example.org/#"),
            *("https://2130706433/", "https://0x7f000001/", "https://017700000001/", "https://127.1/"),
            *("https://0177.0.0.1/", "https://0x7f.0.0.1/", "https://127.0.0.1./", "https://example.org./"),
            *("https://example..org/", "https://-a.example/", "https://exa%6dple.org/", "https://exämple.org/"),
            *("https://example.org\\@127.0.0.1/", "https://example.org /", "https://example.org/\n", "https://a\tb/"),
            *("https://example.org:0/", "https://example.org:/", "https://example.org:99999/", "https://[::1/"),
            *("https://example.org:4a3/", "https://example.org/" + "a" * 2048, "https://" + "a." * 127 + "example/"),
        ],
    )
    def test_ambiguous_urls_are_refused(self, url):
        with pytest.raises(WebhookUrlRefused) as refusal:
            parse(url)
        assert "secret" not in refusal.value.detail

    @given(st.text(max_size=80))
    def test_whatever_comes_is_read_or_refused(self, text):
        for url in (text, f"https://{text}/", f"https://example.org/{text}"):
            try:
                assert parse(url).scheme in {"https", "http"}
            except WebhookUrlRefused:
                continue

    @given(st.integers(0, 2**32 - 1))
    def test_unusual_ipv4_spelling_is_no_host(self, number):
        dotted = str(IPv4Address(number))
        assert parse(f"https://{dotted}/").host == dotted
        first, *rest = dotted.split(".")
        for host in (
            str(number),
            hex(number),
            oct(number).replace("o", ""),
            ".".join([hex(int(first)), *rest[:2], "0x1"]),
        ):
            if host != dotted:
                with pytest.raises(WebhookUrlRefused):
                    parse(f"https://{host}/")


@pytest.mark.anyio
class TestGuard:
    async def test_a_public_address_over_https_is_called(self):
        assert await Guard((), resolve=answering(str(PUBLIC))).addresses(target()) == [PUBLIC]

    @pytest.mark.parametrize("address", NEVER)
    async def test_one_address_that_is_not_public_is_enough(self, address):
        guard = Guard((), resolve=answering(str(PUBLIC), address))
        with pytest.raises(AddressRefused):
            await guard.addresses(target())

    async def test_a_name_without_an_address_is_refused(self):
        with pytest.raises(AddressRefused):
            await Guard((), resolve=answering()).addresses(target())

    @pytest.mark.parametrize("url", ["http://example.org/", "https://example.org:22/", "https://example.org:5432/"])
    async def test_plain_http_or_other_port_is_refused(self, url):
        with pytest.raises(AddressRefused):
            await Guard((), resolve=answering(str(PUBLIC))).addresses(parse(url))

    @pytest.mark.parametrize(
        "url", ["http://hook.example:9000/", "https://hook.example:9000/", "https://hook.example/"]
    )
    async def test_in_an_allowed_network_anything_goes(self, url):
        guard = Guard([LOOPBACK], resolve=answering("127.0.0.9"))
        assert await guard.addresses(parse(url)) == [ip_address("127.0.0.9")]

    async def test_an_allowed_network_allows_no_other(self):
        for stranger in ("10.0.0.1", "::1", "::ffff:127.0.0.1"):
            with pytest.raises(AddressRefused):
                await Guard([LOOPBACK], resolve=answering("127.0.0.1", stranger)).addresses(target())

    async def test_check_refuses_with_one_message(self):
        """Unknown names and private addresses get the same message."""
        said = set()
        for resolve in (answering(), answering("10.0.0.1"), answering("127.0.0.1", str(PUBLIC))):
            with pytest.raises(WebhookUrlRefused) as refusal:
                await Guard((), resolve=resolve).check("https://inside.example/", seconds=5)
            said.add(refusal.value.detail)
        assert len(said) == 1

    @pytest.mark.parametrize(("url", "word"), [("http://example.org/", "https"), ("https://example.org:81/", "8443")])
    async def test_and_what_to_do(self, url, word):
        with pytest.raises(WebhookUrlRefused, match=word):
            await Guard((), resolve=answering(str(PUBLIC))).check(url, seconds=5)

    async def test_silent_name_server_is_not_waited_for(self):
        async def hang(_host):
            await asyncio.Event().wait()

        started = time.monotonic()
        await Guard((), resolve=hang).check("https://example.org/", seconds=0.05)
        assert time.monotonic() - started < 5


@pytest.mark.anyio
class TestResolver:
    async def test_a_literal_is_itself(self):
        assert await Resolver()("192.0.2.1") == [ip_address("192.0.2.1")]

    async def test_name_of_this_machine_resolves_to_loopback(self):
        assert all(address.is_loopback for address in await Resolver()("localhost"))

    async def test_a_name_that_nobody_can_have_leads_nowhere(self):
        assert await Resolver()("a" * 64) == []
