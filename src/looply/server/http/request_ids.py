"""Names of requests, by which a caller's report and the log are brought together."""

from looply.clock import Entropy


class RequestIds:
    """Names requests: a random part for the process, a count for the request."""

    def __init__(self, entropy: Entropy) -> None:
        self._process = entropy.token(6).hex()
        self._count = 0

    def next(self) -> str:
        """Returns a new name."""
        self._count += 1
        return f"{self._process}-{self._count:x}"
