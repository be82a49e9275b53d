"""`imageshield audit …`: check an export of an audit trail with local keys. Nothing is fetched from a network."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from imageshield.terminal.failures import ERROR, NOT_AUTHENTIC, OK, of_core, usage
from imageshield.terminal.inputs import read, reading
from imageshield.terminal.options import Json, read_argument, read_option
from imageshield.terminal.reporting import print_json, print_table, say
from shield_core.audit import verification
from shield_core.audit.chains import SYSTEM
from shield_core.audit.checkpoints import USE
from shield_core.audit.exports import MAX_LINE
from shield_core.audit.verification import Finding, Kind, Outcome, Verdict
from shield_core.errors import ShieldError
from shield_core.keys import jwk
from shield_core.keys.jwk import KeySet

app = typer.Typer(name="audit", help="Verify audit trails.", no_args_is_help=True, rich_markup_mode=None)

EXIT_CODES: Final = {Outcome.VERIFIED: OK, Outcome.UNKNOWN: ERROR, Outcome.CHANGED: NOT_AUTHENTIC}
FETCH: Final = "curl -o jwks.json https://HOST/.well-known/jwks.json"
SHOWN: Final = 10
"""Findings in the table; `--json` has up to a hundred."""

_FINDINGS: Final = {
    Kind.MALFORMED: "is not a line of an export, or not in its place",
    Kind.FOREIGN: "belongs to another account",
    Kind.EDIT: "is not what was sealed",
    Kind.DELETE: "is missing",
    Kind.REORDER: "is not in its place, or comes twice",
    Kind.TRUNCATE: "and what follows it is missing",
    Kind.BAD_SIGNATURE: "has a checkpoint that its signer did not sign",
    Kind.BAD_PROOF: "has a checkpoint that does not cover it",
    Kind.UNKNOWN_SIGNER: "has a checkpoint of a signer who is not among the trusted keys",
}


@app.command("verify")
def verify(
    export: Annotated[Path, read_argument("EXPORT", "An export of the service, in the format jsonl.")],
    keys: Annotated[
        Path | None, read_option("--keys", metavar="JWKS", help="The public keys of trusted signers.")
    ] = None,
    json: Json = False,
) -> None:
    """Check EXPORT. Exit code 0 only if a trusted signer signed it and no entry was changed, removed or moved."""
    trusted = _trusted(keys)
    try:
        with reading(export) as opened:
            verdict = verification.verify(_lines(opened), trusted.keys)
    except ShieldError as error:
        raise of_core(error) from error
    if keys is not None and not trusted.keys:
        say(f"warning: {keys} holds no key that signs audit checkpoints ({len(trusted.passed_over)} others)")
    if json:
        print_json(_as_json(export, verdict, _not_shown(verdict, keys)))
    else:
        print_table(_as_table(export, verdict, _not_shown(verdict, keys)))
    raise typer.Exit(EXIT_CODES[verdict.outcome])


def _trusted(path: Path | None) -> KeySet:
    if path is None:
        return KeySet({})
    if str(path).startswith(("http:", "https:")):
        raise usage(f"--keys names a file, because nothing is fetched here: {FETCH}, and check that HOST is right")
    try:
        return jwk.parse(read(path, jwk.MAX_BYTES), use=USE)
    except ShieldError as error:
        raise of_core(error) from error


def _lines(opened: Any) -> Iterator[bytes]:
    """Read line by line: an export may be larger than the memory. A longer line than any is cut, and then refused."""
    while line := opened.readline(MAX_LINE + 2):
        yield line


def _not_shown(verdict: Verdict, keys: Path | None) -> list[str]:
    """List what a reader might conclude from the result although it does not show it."""
    missing = []
    if verdict.outcome is Outcome.UNKNOWN and keys is None:
        missing.append(f"who signed it: --keys names the published keys ({FETCH})")
    elif verdict.outcome is Outcome.UNKNOWN:
        missing.append("who signed it: no checkpoint of a trusted signer covers it")
    if verdict.uncovered:
        missing.append(f"whether the last {verdict.uncovered} entries are all: no checkpoint covers them yet")
    missing.append(f"what happened after {verdict.covered_until or 'its making'}: export again")
    missing.append("that the service recorded every act: that is what the signer says")
    return missing


def _as_table(path: Path, verdict: Verdict, missing: list[str]) -> Mapping[str, object]:
    rows: dict[str, object] = {
        "export": path,
        "trail": f"acc_{verdict.chain.hex}" if verdict.chain != SYSTEM else "of the system",
        "entries": verdict.rows,
        "checkpoints": f"{verdict.checkpoints} of trusted signers",
        **({"signers": ", ".join(verdict.signers)} if verdict.signers else {}),
        "covered": f"up to entry {verdict.covered}, {verdict.covered_until}" if verdict.covered else "nothing",
    }
    if verdict.restored:
        rows["restored"] = f"an older database was restored before {', '.join(map(str, verdict.restored))}"
    for number, finding in enumerate(verdict.findings[:SHOWN], 1):
        rows[f"finding {number}"] = _described(finding)
    if verdict.found > SHOWN:
        rows["more findings"] = verdict.found - SHOWN
    rows |= {f"not shown {number}": text for number, text in enumerate(missing, 1)}
    return rows | {"result": _result(verdict)}


def _described(finding: Finding) -> str:
    if finding.last is None:
        return f"entry {finding.seq} {_FINDINGS[finding.kind]}"
    return f"one of the entries {finding.seq} to {finding.last} {_FINDINGS[finding.kind]}"


def _result(verdict: Verdict) -> str:
    if verdict.first is None or verdict.outcome is not Outcome.CHANGED:
        return verdict.outcome.value
    return f"{verdict.outcome.value}: {verdict.first.kind.value} at entry {verdict.first.seq}"


def _as_json(path: Path, verdict: Verdict, missing: list[str]) -> dict[str, Any]:
    return {
        "export": str(path),
        "account_id": f"acc_{verdict.chain.hex}" if verdict.chain != SYSTEM else None,
        "outcome": verdict.outcome.value,
        "rows": verdict.rows,
        "covered": verdict.covered,
        "covered_until": verdict.covered_until,
        "uncovered": verdict.uncovered,
        "checkpoints": verdict.checkpoints,
        "signers": list(verdict.signers),
        "first": None if verdict.first is None else _finding(verdict.first),
        "findings": [_finding(finding) for finding in verdict.findings],
        "found": verdict.found,
        "restored": list(verdict.restored),
        "not_shown": missing,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {"kind": finding.kind.value, "seq": finding.seq, "last": finding.last}
