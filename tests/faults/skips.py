"""Exceptions for rows that do not run."""


class NotYet(Exception):
    """The row needs a capability that the product does not have."""


class Skip(Exception):
    """This machine does not let the row run."""
