"""The table of identity providers: what an operator may write, and what the refusals say."""

import pytest

from backplane.services.identity.federation.providers import ProvidersInvalid, providers_of, read_providers

FIRST = """
[[providers]]
id = "acme"
name = "Acme"
issuer = "https://acme.example"
client_id = "imageshield"
"""
SECOND = FIRST.replace('"acme"', '"other"').replace("https://acme.example", "https://other.example")


@pytest.fixture
def read(tmp_path):
    def write(text):
        file = tmp_path / "providers.toml"
        file.write_text(text, encoding="utf-8")
        return read_providers(file)

    return write


class TestTable:
    def test_defaults_ask_for_an_address_and_a_signature(self, read):
        provider = read(FIRST)["acme"]
        assert provider.scopes == ("openid", "email")
        assert provider.id_token_algorithm == "RS256"
        assert provider.client_secret is None
        assert provider.registration
        assert provider.confirms
        assert provider.second_factor_amr == provider.second_factor_acr == ()

    def test_github_has_defaults_of_its_own(self, read):
        provider = read('[[providers]]\nid = "github"\nname = "GitHub"\nkind = "github"\nclient_id = "x"')["github"]
        assert provider.issuer == "https://github.com"
        assert provider.scopes == ("user:email",)
        assert not provider.confirms

    def test_order_is_kept(self, read):
        assert list(read(SECOND + FIRST)) == ["other", "acme"]

    def test_secret_comes_from_a_file_or_a_variable(self, read, tmp_path, monkeypatch):
        (tmp_path / "secret").write_text(" s3cret\n")
        monkeypatch.setenv("ACME_SECRET", "s3cret")
        for line in (f'client_secret_file = "{tmp_path}/secret"', 'client_secret_env = "ACME_SECRET"'):
            provider = read(FIRST + line)["acme"]
            assert provider.client_secret.get_secret_value() == "s3cret"
            assert "s3cret" not in repr(provider)

    def test_private_provider_may_be_http_in_its_network(self, read):
        private = FIRST.replace("https://acme.example", "http://sso.internal:8080/realms/a")
        assert read(private + 'networks = ["10.0.0.0/8"]')["acme"].issuer == "http://sso.internal:8080/realms/a"

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (FIRST + 'client_secret = "canary"', "client_secret must not stand here"),
            (FIRST + 'client_secret_env = "NOT_SET"', "names a variable that is not set"),
            (FIRST + 'client_secret_file = "/nowhere"', "client_secret_file cannot be read"),
            (FIRST + 'client_secret_env = "A"\nclient_secret_file = "b"', "choose one"),
            (FIRST + "unknown = 1", "providers.0.unknown"),
            (FIRST + 'kind = "saml"', "providers.0.kind"),
            (FIRST + 'scopes = ["email"]', 'scopes must have "openid"'),
            (FIRST + 'id_token_algorithm = "HS256"', "providers.0.id_token_algorithm"),
            (FIRST + 'id_token_algorithm = "none"', "providers.0.id_token_algorithm"),
            (FIRST + 'networks = ["10.0.0.1/8"]', "providers.0.networks"),
            (FIRST + 'allowed_domains = ["*.example"]', "providers.0.allowed_domains"),
            (FIRST.replace("https://acme", "http://acme"), "issuer must begin with https://"),
            (FIRST.replace("acme.example", "acme.example?x=1"), "must have no query"),
            (FIRST.replace("acme.example", "user@acme.example"), "must not hold a user"),
            (FIRST.replace('id = "acme"', 'id = "../x"'), "providers.0.id"),
            (FIRST + FIRST, "has an id twice"),
            (FIRST + FIRST.replace('id = "acme"', 'id = "b"'), "has an issuer twice"),
            ("[[providers", "is not TOML"),
            ("providers = 1", "providers"),
            ("#" * 70_000, "has more than 65,536 bytes"),
        ],
    )
    def test_unfit_table_is_refused_by_field(self, read, text, words):
        with pytest.raises(ProvidersInvalid) as refusal:
            read(text)
        assert words in str(refusal.value)
        assert "canary" not in str(refusal.value)

    def test_missing_file_is_refused(self, tmp_path):
        with pytest.raises(ProvidersInvalid, match="cannot be read"):
            read_providers(tmp_path / "nothing.toml")


@pytest.mark.stack
class TestSettings:
    def test_without_a_file_there_is_none(self, settings):
        assert providers_of(settings) == {}

    def test_address_of_the_service_is_needed(self, settings, tmp_path):
        with pytest.raises(ProvidersInvalid, match="PUBLIC_URL"):
            providers_of(settings.model_copy(update={"oidc_providers_file": tmp_path / "providers.toml"}))
