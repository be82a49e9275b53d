"""`imageshield admin usage`, `queue`, `pools` and `settings`: the installation in figures."""

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from imageshield.commands.service.operating import described, print_one, with_administration, written
from imageshield.terminal.failures import Failure
from imageshield.terminal.options import InstallationDir, Json
from imageshield.terminal.reporting import print_json, print_table, show

if TYPE_CHECKING:
    from backplane.services.entropy.pools import PoolLevel


def show_usage(data_dir: InstallationDir = None, json: Json = False) -> None:
    """Show what all accounts use: accounts by tier, jobs of this month, bytes in the store, revenue."""
    figures = with_administration(data_dir, lambda found: found.installation.usage())
    totals = {name: written(value) for name, value in asdict(figures.totals).items()}
    revenue = {"currency": figures.revenue.currency, "monthly": figures.revenue.monthly}
    conversions = [
        {"from_tier": former, "to_tier": to, "count": count}
        for (former, to), count in sorted(figures.revenue.conversions.items())
    ]
    accounts, jobs = [asdict(one) for one in figures.accounts], [asdict(one) for one in figures.jobs]
    top = [described("acc", one, name="account_id") for one in figures.top]
    if json:
        print_json(
            totals
            | {"accounts": accounts, "jobs": jobs, "top_accounts": top}
            | {"revenue": revenue | {"conversions": conversions}}
        )
        return
    print_table(totals | {"monthly_revenue": f"{revenue['monthly']:,.2f} {revenue['currency']}"})
    for title, rows in (("accounts", accounts), ("jobs", jobs), ("top accounts", top), ("conversions", conversions)):
        _print_rows(title, rows)


def show_queue(data_dir: InstallationDir = None, json: Json = False) -> None:
    """Show how many jobs wait and run, and which accounts have most of them."""
    row = with_administration(data_dir, lambda found: found.installation.queue())
    counts = {
        "waiting": row.waiting,
        "running": row.running,
        "accounts_waiting": row.accounts_waiting,
        "oldest_waiting_at": written(row.oldest_waiting_at),
    }
    shares = [described("acc", one, name="account_id") for one in row.shares]
    if json:
        print_json(counts | {"shares": shares})
        return
    print_table(counts)
    _print_rows("accounts", shares)


def show_pools(data_dir: InstallationDir = None, json: Json = False) -> None:
    """Show the levels of the workers' pools of measured bits."""
    from backplane.errors import ApplicationError
    from backplane.wiring.operator import open_pools
    from imageshield.commands.service.installation import installation

    async def read() -> "list[PoolLevel]":
        async with open_pools(found.settings) as pools:
            return await pools.levels()

    with installation(data_dir, new=False) as found:
        try:
            levels = asyncio.run(read())
        except ApplicationError as error:
            raise Failure(error.code, error.title, error.detail or "") from error
    rows = [{name: _nested(value) for name, value in asdict(level).items()} for level in levels]
    if json:
        print_json({"pools": rows})
    else:
        _print_rows("pools", rows)


def show_settings(data_dir: InstallationDir = None, json: Json = False) -> None:
    """Show the settings that commands of this environment see. Of a secret it says only whether it is set."""
    from backplane.services.administration.effective_settings import effective
    from imageshield.commands.service.installation import installation

    with installation(data_dir, new=False) as found:
        settings = effective(found.settings)
    if json:
        print_json({"data": [asdict(one) for one in settings]})
        return
    hidden = {True: "(set, not shown)", False: "(not set)"}
    print_one(
        {one.name: hidden[one.is_set] if one.is_secret or not one.is_set else one.value for one in settings},
        json=False,
    )


def _print_rows(title: str, rows: list[dict[str, Any]]) -> None:
    show("", f"{title}:" if rows else f"{title}: none")
    for row in rows:
        show("  " + "  ".join(f"{name} {value}" for name, value in row.items()))


def _nested(value: Any) -> Any:
    return {name: written(one) for name, one in value.items()} if isinstance(value, dict) else written(value)
