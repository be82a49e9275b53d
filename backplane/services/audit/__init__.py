"""The audit trail: who did what to which object, written in the transaction that does it."""
