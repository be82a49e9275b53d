"""Tiers: what an account may use, and what is shown of it."""
