"""Redis or Valkey check: the server accepts the credentials and never evicts messages."""

import redis

from imageshield.checks.situation import Fault, Situation, place

NAME = "REDIS_URL"
SECONDS = 3


def check_redis(situation: Situation) -> list[Fault]:
    if not situation.can_ask(NAME):
        return []
    url = situation.environment[NAME]
    try:
        with redis.Redis.from_url(url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS) as client:
            client.ping()
            return _judge_eviction(client)
    except (redis.AuthenticationError, redis.exceptions.NoPermissionError):
        return [Fault(NAME, f"{place(url)} refuses this password", "correct the password in it")]
    except redis.ResponseError as error:
        if "AUTH" in str(error) or "NOAUTH" in str(error):
            return [Fault(NAME, f"{place(url)} refuses this password", "correct the password in it")]
        return [Fault(NAME, f"{place(url)} refuses a PING", "use a server of our own, Redis 6 or Valkey 7 or later")]
    except (redis.RedisError, OSError, ValueError) as error:
        problem = f"{place(url)} does not answer as Redis ({type(error).__name__})"
        return [Fault(NAME, problem, "start the server, let this machine reach it, or correct the address")]


def _judge_eviction(client: redis.Redis) -> list[Fault]:
    try:
        policy = client.config_get("maxmemory-policy").get("maxmemory-policy", "noeviction")
    except redis.ResponseError:
        return []  # managed servers hide their configuration
    if policy == "noeviction":
        return []
    return [Fault(NAME, f"maxmemory-policy is {policy}: messages can vanish", "set maxmemory-policy to noeviction")]
