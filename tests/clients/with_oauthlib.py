"""A log-in with oauthlib, which knows refusals by the codes of RFC 6749."""

import sys

import httpx
from oauthlib.oauth2 import LegacyApplicationClient
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

EMAIL, PASSWORD = "oauthlib@example.org", "correct horse battery"


def main(url: str) -> None:
    http = httpx.Client(base_url=f"{url}/api/v1/auth", timeout=60, trust_env=False)
    http.post("/register", json={"email": EMAIL, "password": PASSWORD})
    client = LegacyApplicationClient("any")

    def ask(body: str) -> dict:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return client.parse_request_body_response(http.post("/token", content=body, headers=headers).text)

    pair = ask(client.prepare_request_body(EMAIL, PASSWORD, include_client_id=True))
    assert pair["token_type"] == "bearer", pair
    assert ask(client.prepare_refresh_body(refresh_token=pair["refresh_token"]))["access_token"]
    for body, error in (
        (client.prepare_request_body(EMAIL, "no, not this"), "invalid_grant"),
        (client.prepare_refresh_body(refresh_token="unknown"), "invalid_grant"),
        ("grant_type=password", "invalid_request"),
        ("grant_type=implicit", "unsupported_grant_type"),
    ):
        try:
            answer = ask(body)
        except OAuth2Error as refused:
            answer = refused.error
        assert answer == error, (body, answer)


if __name__ == "__main__":
    main(sys.argv[1])
