"""The causes of an error of the network."""

import ssl
from collections.abc import Iterator


def is_certificate_error(error: BaseException) -> bool:
    """Returns whether a certificate that is not valid caused the error."""
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
