"""The rates of requests: which buckets a request is counted in, and the headers that say how they stand."""

from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address

from starlette.requests import HTTPConnection

from backplane.services.requests.caller import Caller
from backplane.services.usage.rates import Bucket, Rates, Standing, require
from backplane.services.usage.reports import HOUR, bucket_of_calls
from backplane.services.usage.tiers import Tier
from backplane.settings import Settings
from backplane.wiring.usage import UsageServices

NAME = "rates"


async def count_caller(connection: HTTPConnection, caller: Caller) -> None:
    """Count the request of an authenticated caller, once.

    Raises:
        RateLimited: its address, its user or API key, or its account has sent too many.
    """
    if was_counted(connection):
        return
    usage = _usage(connection)
    tier = usage.tiers.of(caller.tier)
    address = Bucket("address", network_of(caller.address), _settings(connection).address_requests_per_minute)
    await _count(connection, usage.rates, [address, *_buckets_of(caller, tier)])


async def count_anonymous(connection: HTTPConnection) -> None:
    """Count a request without a credential, or with one that is not valid. Raises RateLimited."""
    if was_counted(connection):
        return
    amount = _settings(connection).anonymous_requests_per_minute
    await _count(connection, _usage(connection).rates, [Bucket("anonymous", network_of(_host(connection)), amount)])


async def count_call(connection: HTTPConnection, caller: Caller) -> None:
    """Count a request that creates a job, if a program sends it. Raises RateLimited."""
    usage = _usage(connection)
    account = bucket_of_calls(caller.account_id, usage.tiers.of(caller.tier))
    buckets = [account] if account is not None else []
    if caller.api_key_id is not None and caller.rate_per_hour is not None:
        buckets.append(Bucket("api-key-calls", caller.api_key_id.hex, caller.rate_per_hour, HOUR))
    if caller.program and buckets:
        await _count(connection, usage.rates, buckets)


async def count_log_in(connection: HTTPConnection) -> None:
    """Count an attempt to log in or to register. Raises RateLimited, and Unavailable without Redis."""
    amount = _settings(connection).log_ins_per_minute
    await _usage(connection).rates.attempt(Bucket("log-in", network_of(_host(connection)), amount))


async def count_unlock(connection: HTTPConnection, caller: Caller) -> None:
    """Count an attempt to open a key file with a password. Raises RateLimited, and Unavailable without Redis."""
    amount = _settings(connection).unlocks_per_minute
    await _usage(connection).rates.attempt(Bucket("unlock", caller.account_id.hex, amount))


def was_counted(connection: HTTPConnection) -> bool:
    return bool(getattr(connection.state, NAME, None))


def headers_of(connection: HTTPConnection) -> dict[str, str]:
    """Describe the buckets of the request (draft-ietf-httpapi-ratelimit-headers)."""
    standings: Sequence[Standing] = getattr(connection.state, NAME, ())
    policies = [f'"{one.bucket.name}";q={one.bucket.amount};w={one.bucket.seconds}' for one in standings]
    now = [f'"{one.bucket.name}";r={one.remaining};t={one.reset_seconds}' for one in standings]
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(now)}


def network_of(host: str | None) -> str:
    """Return what counts as one address: an IPv4 address, or the /64 network that a subscriber of IPv6 has."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    mapped = address.ipv4_mapped
    return str(mapped) if mapped is not None else f"{IPv6Address(int(address) >> 64 << 64)}/64"


def _buckets_of(caller: Caller, tier: Tier) -> list[Bucket]:
    api_key_id, user_id = caller.api_key_id, caller.user_id
    if api_key_id is not None:
        own = ("api-key", api_key_id.hex, tier.api_key_requests_per_minute)
    else:
        own = ("user", (user_id or caller.account_id).hex, tier.user_requests_per_minute)
    account = ("account", caller.account_id.hex, tier.account_requests_per_minute)
    return [Bucket(name, holder, amount, tier=tier.id) for name, holder, amount in (own, account) if amount is not None]


async def _count(connection: HTTPConnection, rates: Rates, buckets: Sequence[Bucket]) -> None:
    counted = await rates.count(buckets)
    setattr(connection.state, NAME, [*getattr(connection.state, NAME, ()), *counted])
    require(counted)


def _host(connection: HTTPConnection) -> str | None:
    return connection.client.host if connection.client is not None else None


def _usage(connection: HTTPConnection) -> UsageServices:
    usage: UsageServices = connection.app.state.services.usage
    return usage


def _settings(connection: HTTPConnection) -> Settings:
    settings: Settings = connection.app.state.settings
    return settings
