"""Accounts, login sessions, tokens and tickets: who the caller is."""
