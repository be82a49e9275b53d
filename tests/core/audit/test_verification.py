"""Every way to change an export is found offline, at the row where it happened."""

import json
import random
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shield_core.audit import exports
from shield_core.audit.checkpoints import Signer
from shield_core.audit.exports import Head, Proof, Row
from shield_core.audit.verification import MAX_FINDINGS, Finding, Kind, Outcome, verify
from shield_core.errors import AuditExportInvalid
from tests.core.audit.making import BEGIN, CHAIN, KEYS, OTHER, Export, chained, covering, payload, resigned


def judge(export: Export, keys=KEYS):
    return verify(export.lines(), keys)


def kinds(verdict) -> set:
    return {finding.kind for finding in verdict.findings}


class TestHonest:
    def test_is_verified(self):
        verdict = judge(Export.honest())
        assert (verdict.outcome, verdict.findings, verdict.first) == (Outcome.VERIFIED, (), None)
        assert (verdict.rows, verdict.covered, verdict.uncovered, verdict.checkpoints) == (9, 9, 0, 3)
        assert verdict.covered_until == "2026-03-01T00:09:00.000000Z"
        assert verdict.chain == CHAIN

    def test_rows_behind_the_newest_checkpoint_are_counted(self):
        verdict = judge(Export.honest(9, (3,)))
        assert (verdict.outcome, verdict.covered, verdict.uncovered) == (Outcome.VERIFIED, 3, 6)

    def test_readable_values_are_not_hashed(self):
        export = Export.honest(1, (1,))
        lines = [*export.lines()[:-1], exports.write(export.rows[0].to_json({"address": "192.0.2.17"}))]
        assert verify(lines, KEYS).outcome is Outcome.VERIFIED

    def test_system_chain(self):
        system = UUID(int=0)
        rows = chained([payload(1, chain=None)], system)
        export = Export(rows, [covering(rows[0], others=0, chain=system)], chain=system)
        assert judge(export).outcome is Outcome.VERIFIED

    def test_restores_are_listed(self):
        rows = chained([payload(0), payload(1, action="audit.restored"), payload(2)])
        assert judge(Export(rows, [covering(rows[2])])).restored == (2,)

    def test_blank_lines_and_windows_line_ends(self):
        lines = [line.replace(b"\n", b"\r\n") for line in Export.honest().lines()]
        assert verify([*lines, b"\n"], KEYS).outcome is Outcome.VERIFIED


class TestUnknown:
    def test_no_trusted_keys(self):
        verdict = judge(Export.honest(), {})
        assert (verdict.outcome, kinds(verdict)) == (Outcome.UNKNOWN, {Kind.UNKNOWN_SIGNER})
        assert verdict.first == Finding(Kind.UNKNOWN_SIGNER, 3)

    def test_no_checkpoint(self):
        verdict = judge(Export.honest(9, ()))
        assert (verdict.outcome, verdict.uncovered) == (Outcome.UNKNOWN, 9)

    def test_unknown_signer_hides_no_change(self):
        export = Export.honest(9, [9] * 300)
        export.rows[4] = replace(export.rows[4], payload=payload(99))
        verdict = judge(export, {})
        assert (verdict.outcome, verdict.first) == (Outcome.CHANGED, Finding(Kind.EDIT, 5))


class TestTampering:
    @pytest.mark.parametrize("seq", [1, 5, 9])
    def test_edited_payload(self, seq):
        export = Export.honest()
        export.rows[seq - 1] = replace(export.rows[seq - 1], payload=payload(99))
        verdict = judge(export)
        assert (verdict.outcome, verdict.first) == (Outcome.CHANGED, Finding(Kind.EDIT, seq))

    def test_edit_with_new_hashes_is_between_checkpoints(self):
        """Who recomputes every hash after the edit still contradicts the signed head."""
        export = Export.honest()
        bodies = [row.payload for row in export.rows]
        export.rows = chained([*bodies[:4], payload(99), *bodies[5:]])
        assert judge(export).first == Finding(Kind.EDIT, 4, 6)

    @pytest.mark.parametrize(("first", "last"), [(1, 1), (4, 4), (4, 6)])
    def test_deleted_rows(self, first, last):
        export = Export.honest()
        del export.rows[first - 1 : last]
        assert judge(export).first == Finding(Kind.DELETE, first, last if last > first else None)

    def test_deleted_row_with_renumbered_successors(self):
        export = Export.honest()
        export.rows = chained([row.payload for row in export.rows if row.seq != 5])
        verdict = judge(export)
        assert kinds(verdict) == {Kind.EDIT, Kind.TRUNCATE}
        assert verdict.first == Finding(Kind.EDIT, 4, 6)

    def test_swapped_rows(self):
        export = Export.honest()
        export.rows[3], export.rows[4] = export.rows[4], export.rows[3]
        verdict = judge(export)
        assert (kinds(verdict), verdict.first) == ({Kind.REORDER}, Finding(Kind.REORDER, 4))

    def test_swapped_payloads(self):
        export = Export.honest()
        one, two = export.rows[3:5]
        export.rows[3:5] = [replace(one, payload=two.payload), replace(two, payload=one.payload)]
        assert judge(export).first == Finding(Kind.EDIT, 4)

    def test_row_that_comes_twice(self):
        export = Export.honest()
        export.rows.insert(5, export.rows[4])
        assert judge(export).first == Finding(Kind.REORDER, 5)

    @pytest.mark.parametrize("left", [0, 1, 8])
    def test_truncated(self, left):
        export = Export.honest()
        del export.rows[left:]
        verdict = judge(export)
        assert verdict.outcome is Outcome.CHANGED
        assert verdict.first == Finding(Kind.TRUNCATE, left + 1, 9 if left < 8 else None)

    def test_truncated_in_the_middle_of_a_line(self):
        lines = Export.honest().lines()
        verdict = verify([*lines[:-1], lines[-1][:40]], KEYS)
        assert verdict.first.seq == 9
        assert kinds(verdict) == {Kind.MALFORMED, Kind.TRUNCATE}

    def test_truncated_behind_the_checkpoints(self):
        export = Export.honest(9, (3,))
        del export.rows[5:]
        assert judge(export).first == Finding(Kind.TRUNCATE, 6, 9)

    def test_row_of_another_account(self):
        export = Export.honest()
        export.rows[4] = chained([payload(n, chain=OTHER) for n in range(9)], OTHER)[4]
        assert Kind.FOREIGN in kinds(judge(export))
        assert judge(export).first.seq == 5

    def test_row_of_another_account_with_new_hashes(self):
        export = Export.honest()
        bodies = [row.payload for row in export.rows]
        export.rows = chained([*bodies[:4], payload(4, chain=OTHER), *bodies[5:]])
        assert {Kind.FOREIGN, Kind.EDIT} <= kinds(judge(export))

    def test_chain_under_the_name_of_another(self):
        assert judge(replace(Export.honest(), chain=OTHER)).outcome is Outcome.CHANGED

    @pytest.mark.parametrize(
        "bad", [b"{}", b"[]", b'{"a": 1}', b'{"account":5,"action":"a"}', b'{"account":"acc_1","action":"a"}']
    )
    def test_payload_that_is_none(self, bad):
        assert judge(Export(chained([bad]), [])).first == Finding(Kind.MALFORMED, 1)


class TestCheckpoints:
    def test_changed_field(self):
        export = Export.honest()
        proof = export.proofs[1]
        export.proofs[1] = replace(proof, checkpoint=resigned(proof.checkpoint, time="2026-03-02T00:00:00.000000Z"))
        assert judge(export).first == Finding(Kind.BAD_SIGNATURE, 6)

    def test_moved_to_another_row(self):
        export = Export.honest()
        export.proofs[1] = replace(export.proofs[1], seq=5, hash=export.rows[4].hash)
        assert judge(export).first == Finding(Kind.BAD_PROOF, 5)

    def test_signed_by_a_stranger(self):
        export = Export.honest()
        export.proofs[2] = covering(export.rows[8], signer=Signer.from_seed(bytes(32)))
        verdict = judge(export)
        assert (verdict.outcome, kinds(verdict)) == (Outcome.VERIFIED, {Kind.UNKNOWN_SIGNER})
        assert (verdict.covered, verdict.uncovered) == (6, 3)

    def test_two_heads_for_one_row(self):
        export = Export.honest()
        export.proofs.append(covering(replace(export.rows[8], hash=bytes(32))))
        assert judge(export).first == Finding(Kind.EDIT, 9)

    def test_behind_the_rows_is_refused(self):
        """It would never be compared with its row."""
        export = Export.honest()
        export.rows = chained([*(row.payload for row in export.rows[:8]), payload(99)])
        export.extra = [exports.write(export.proofs.pop().to_json())]
        assert judge(export).outcome is Outcome.CHANGED

    def test_rewritten_chain_contradicts_a_withheld_checkpoint(self):
        """Who also withholds the newest checkpoint can claim no later time than that of the one before."""
        export = Export.honest()
        del export.rows[6:], export.proofs[2:]
        export.size = 6
        verdict = judge(export)
        assert (verdict.outcome, verdict.covered_until) == (Outcome.VERIFIED, "2026-03-01T00:06:00.000000Z")


class TestLimits:
    def test_findings_are_capped(self):
        rows = Export.honest(1000, ()).rows[1::3]
        verdict = judge(Export(rows, [], size=1000))
        assert len(verdict.findings) == MAX_FINDINGS
        assert verdict.found > 300

    def test_long_line_is_unreadable(self):
        export = Export.honest()
        export.extra = [b'"' + b"a" * exports.MAX_LINE + b'"\n']
        assert Kind.MALFORMED in kinds(judge(export))


class TestLines:
    @pytest.mark.parametrize(
        "part", [Export.honest().rows[0], Export.honest().proofs[0], Head(CHAIN, "2026-03-01T00:00:00.000000Z", 3)]
    )
    def test_are_read_as_written(self, part: Row | Proof | Head):
        assert exports.parse(exports.write(part.to_json())) == part

    @pytest.mark.parametrize(
        "line",
        [
            b"",
            b"x",
            b"[]",
            b"{}",
            b'{"line":"row"}',
            b'{"line":"other"}',
            b'{"line":[]}',
            b"\xff",
            b"[" * 5000,
            b'{"a":1,"a":2}',
        ],
    )
    def test_other_lines_are_refused(self, line):
        with pytest.raises(AuditExportInvalid):
            exports.parse(line)

    @pytest.mark.parametrize(
        ("number", "change"),
        [
            (0, {"kind": "other"}),
            (0, {"version": 2}),
            (0, {"chain": "0" * 31}),
            (0, {"rows": -1}),
            (0, {"rows": True}),
            (0, {"rows": 2**53}),
            (0, {"exported_at": "yesterday"}),
            (0, {"more": 1}),
            (1, {"path": ["00"]}),
            (1, {"path": ["00" * 32] * 65}),
            (1, {"path": {}}),
            (1, {"index": 0.5}),
            (1, {"signature_b64": "A"}),
            (-1, {"hash": "0" * 63}),
            (-1, {"payload": 1}),
            (-1, {"payload": "\ud800"}),
        ],
    )
    def test_malformed_field_is_refused(self, number, change):
        value = json.loads(Export.honest(1, (1,)).lines()[number]) | change
        with pytest.raises(AuditExportInvalid):
            exports.parse(json.dumps(value).encode())

    @pytest.mark.parametrize("lines", [[], Export.honest().lines()[1:], [b"{}"]])
    def test_no_export_is_refused(self, lines):
        with pytest.raises(AuditExportInvalid):
            verify(lines, KEYS)

    def test_two_exports_in_one_file(self):
        assert verify(Export.honest().lines() * 2, KEYS).outcome is Outcome.CHANGED


@given(st.integers(0, 2**32), st.sampled_from(["edit", "delete", "swap", "repeat", "cut"]))
def test_any_change_of_covered_rows_is_found(seed, act):
    draw = random.Random(seed)
    export = Export.honest(12, (5, 12))
    at = draw.randrange(11)
    if act == "edit":
        export.rows[at] = replace(export.rows[at], payload=payload(draw.randrange(100, 200)))
    elif act == "delete":
        del export.rows[at]
    elif act == "swap":
        export.rows[at], export.rows[at + 1] = export.rows[at + 1], export.rows[at]
    elif act == "repeat":
        export.rows.insert(draw.randrange(12), export.rows[at])
    else:
        del export.rows[at:]
    verdict = judge(export)
    assert verdict.outcome is Outcome.CHANGED
    assert BEGIN.year == 2026


@given(st.integers(0, 2**32), st.binary(min_size=1, max_size=3))
def test_any_byte_matters(seed, noise):
    """A changed byte of a covered export is found, or outside of what is hashed: in a readable value."""
    draw = random.Random(seed)
    data = bytearray(b"".join(Export.honest(4, (2, 4)).lines()))
    at = draw.randrange(len(data))
    was = bytes(data)
    data[at : at + len(noise)] = noise
    try:
        verdict = verify(bytes(data).splitlines(keepends=True), KEYS)
    except AuditExportInvalid:
        return
    same = [json.loads(line) for line in was.splitlines()]
    try:
        found = [json.loads(line) for line in bytes(data).splitlines() if line.strip()]
    except ValueError:
        found = None
    unhashed = {"exported_at", "person", "rows"}
    strip = lambda lines: [{n: v for n, v in one.items() if n not in unhashed} for one in lines]  # noqa: E731
    if found is None or not all(isinstance(one, dict) for one in found) or strip(found) != strip(same):
        assert verdict.outcome is not Outcome.VERIFIED or verdict.findings
