"""Erasure of accounts and users: it is scheduled, can be canceled for some days, and then the relay does it."""
