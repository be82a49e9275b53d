"""Embedded servers: each server that the environment does not name, and the variables for its clients."""

from collections.abc import Mapping
from dataclasses import dataclass

from imageshield.servers import postgres, seaweed, valkey
from imageshield.servers.errors import SettingMissing
from imageshield.servers.home import Home, read_ports
from imageshield.servers.service import Service

BUCKET = "imageshield"


@dataclass(frozen=True)
class Stack:
    """Servers to start, and the variables of `backplane.settings` for them and for the generated keys."""

    services: tuple[Service, ...]
    variables: dict[str, str]
    ports: tuple[int, ...]


def compose(home: Home, environment: Mapping[str, str], *, volatile: bool = False) -> Stack:
    services: list[Service] = []
    variables = _keys(home, environment)
    ports: dict[str, int] = {}
    if not environment.get("DATABASE_URL"):
        ports |= home.ports("postgres")
        services.append(postgres.service(home, ports["postgres"], volatile=volatile))
        variables |= _database(home, ports["postgres"])
    if not environment.get("REDIS_URL"):
        ports |= home.ports("valkey")
        services.append(valkey.service(home, ports["valkey"]))
        variables["REDIS_URL"] = valkey.url(home, ports["valkey"])
    if environment.get("S3_ENDPOINT_URL"):
        _refuse_missing_credentials(environment)
    else:
        ports |= home.ports(*seaweed.port_names())
        bucket = environment.get("S3_BUCKET") or BUCKET
        services.append(seaweed.service(home, ports, bucket=bucket))
        variables |= seaweed.variables(home, ports, bucket=bucket)
    return Stack(tuple(services), variables, tuple(ports.values()))


def remembered(home: Home, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of the stack that runs in a data directory, or ran there last."""
    ports = read_ports(home.path)
    variables = _keys(home, environment)
    if not environment.get("DATABASE_URL") and "postgres" in ports:
        variables |= _database(home, ports["postgres"])
    if not environment.get("REDIS_URL") and "valkey" in ports:
        variables["REDIS_URL"] = valkey.url(home, ports["valkey"])
    if not environment.get("S3_ENDPOINT_URL") and set(seaweed.port_names()) <= set(ports):
        variables |= seaweed.variables(home, ports, bucket=environment.get("S3_BUCKET") or BUCKET)
    return variables


def _database(home: Home, port: int) -> dict[str, str]:
    return {
        "DATABASE_URL": postgres.application_url(home, port),
        "DATABASE_OWNER_URL": postgres.url(home, port),
    }


def _refuse_missing_credentials(environment: Mapping[str, str]) -> None:
    missing = [name for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") if not environment.get(name)]
    if missing:
        raise SettingMissing(f"S3_ENDPOINT_URL names a store of yours: set {' and '.join(missing)} as well")


def _keys(home: Home, environment: Mapping[str, str]) -> dict[str, str]:
    generated = {"VAULT_KEY_FILE": home.secret_file("vault.key"), "VAULT_DIRECTORY": home.folder("vault")}
    if (signing_key := home.secret_file("signing.pem")).exists():  # made before signing keys were in the vault
        generated["SIGNING_KEY_FILE"] = signing_key
    return {name: environment.get(name) or str(path) for name, path in generated.items()}
