"""The settings of addresses: origins as browsers write them, and trusted proxies."""

import pytest
from pydantic import ValidationError

from backplane.settings import Settings

REQUIRED = {name: "x" for name, field in Settings.model_fields.items() if field.is_required()}
REQUIRED["aws_secret_access_key"] = "5e0b7c41d9a83f26"


def settings(**changes):
    return Settings(**(REQUIRED | changes))


class TestPublicUrl:
    @pytest.mark.parametrize(
        ("given", "origin"),
        [
            ("https://images.example", "https://images.example"),
            ("https://images.example/", "https://images.example"),
            ("HTTPS://Images.Example:443", "https://images.example"),
            ("http://localhost:8000", "http://localhost:8000"),
            ("http://localhost:80", "http://localhost"),
            ("https://images.example:8443", "https://images.example:8443"),
            ("http://images.example:443", "http://images.example:443"),
            ("http://192.168.0.7:8000", "http://192.168.0.7:8000"),
            ("http://[2001:DB8:0::1]:8000", "http://[2001:db8::1]:8000"),
            ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ],
    )
    def test_is_written_as_an_origin(self, given, origin):
        assert settings(public_url=given).public_url == origin

    @pytest.mark.parametrize(
        "given",
        [
            "images.example",
            "ftp://images.example",
            "https://",
            "https://images.example/console",
            "https://images.example?x=1",
            "https://images.example#x",
            "https://me:secret@images.example",
            "https://images.example:0",
            "https://images.example:65536",
            "https://images.example:",
            "https://images.example\n",
            "https://images.example, https://other.example",
            "https://bücher.example",
            "https://[::1",
            "https://[1:2]",
            "https://-images.example",
            "null",
            "*",
        ],
    )
    def test_other_address_is_refused_without_repeating_it(self, given):
        with pytest.raises(ValidationError) as refused:
            settings(public_url=given)
        [error] = refused.value.errors()
        assert error["loc"] == ("public_url",)
        assert "secret" not in str(refused.value)

    def test_is_required_in_production(self):
        with pytest.raises(ValidationError, match=r"is required in production: .* https://images\.example"):
            settings(environment="production")
        assert settings(environment="production", public_url="https://images.example").public_url
        assert settings().public_url is None


class TestOrigins:
    def test_own_address_is_always_one(self):
        assert settings().origins == ()
        assert settings(public_url="https://images.example").origins == ("https://images.example",)
        found = settings(
            public_url="https://images.example", allowed_origins="https://b.example,https://images.example/"
        )
        assert found.origins == ("https://images.example", "https://b.example")

    def test_listed_ones_are_written_as_origins(self):
        found = settings(allowed_origins="https://A.example/, http://b.example:80")
        assert found.allowed_origins == ("https://a.example", "http://b.example")

    @pytest.mark.parametrize("given", ["*", "https://a.example,*", "https://a.example/path", "null"])
    def test_unfit_list_is_refused(self, given):
        with pytest.raises(ValidationError) as refused:
            settings(allowed_origins=given)
        assert [error["loc"] for error in refused.value.errors()] == [("allowed_origins",)]


class TestTrustedProxies:
    def test_are_networks_of_both_versions(self):
        found = settings(trusted_proxies="10.0.0.0/8, fd00::/8,127.0.0.1").trusted_proxies
        assert [str(network) for network in found] == ["10.0.0.0/8", "fd00::/8", "127.0.0.1/32"]
        assert settings().trusted_proxies == ()

    @pytest.mark.parametrize("given", ["0.0.0.0/0", "10.0.0.0/8,::/0", "10.0.0.1/8", "proxy.example", "*"])
    def test_everybody_and_no_network_are_refused(self, given):
        with pytest.raises(ValidationError) as refused:
            settings(trusted_proxies=given)
        assert {error["loc"][0] for error in refused.value.errors()} == {"trusted_proxies"}
