"""Audit chains that verify offline: docs/reference/audit-format.md.

chains        the hash of each row over the one before
trees         RFC 6962 trees over the heads of all chains, and inclusion proofs
checkpoints   signed roots of such trees
persons       person data of an event, encrypted under an audit key, and pseudonyms
exports       the lines of an export
verification  what an export proves, and where it was changed
"""
