"""The refusals of exports and erasures.

ApplicationError
└── ErasureScheduled, ErasureBegun,
    ExportUnderWay                          409
"""

from backplane.errors import ApplicationError


class ErasureScheduled(ApplicationError):
    code = "erasure-scheduled"
    status = 409
    title = "The account is to be erased already"


class ErasureBegun(ApplicationError):
    code = "erasure-begun"
    status = 409
    title = "The erasure has begun and cannot be canceled"


class ExportUnderWay(ApplicationError):
    code = "export-under-way"
    status = 409
    title = "An export of the account is being made"
