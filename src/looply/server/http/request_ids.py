"""Request ids, which correlate a caller's report with the log."""

from looply.clock import Entropy


class RequestIds:
    """Generates request ids: a random part for the process and a counter."""

    def __init__(self, entropy: Entropy) -> None:
        self._process = entropy.token(6).hex()
        self._count = 0

    def next(self) -> str:
        """Returns a new request id."""
        self._count += 1
        return f"{self._process}-{self._count:x}"
