"""Links to this server for people."""

from typing import Final

INBOX: Final = "/inbox/"


class Links:
    """Creates links. `public_url` may be set once the server knows the port that it listens on."""

    def __init__(self, public_url: str = "") -> None:
        self.public_url = public_url.rstrip("/")

    def inbox(self, token: str) -> str:
        """Returns the URL at which the recipient of a card answers it."""
        return f"{self.public_url}{INBOX}{token}"
