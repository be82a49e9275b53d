"""Exports of all data of an account, as a zip that a job makes."""
