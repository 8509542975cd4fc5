"""Links to this server for people."""

from typing import Final

INBOX: Final = "/inbox/"
INVITATION: Final = "/app/invitation/"
RESET: Final = "/app/reset/"
SIGN_IN: Final = "/app/sign-in"
CALLBACK: Final = "/v2/session/callback"
"""Where a provider of OpenID Connect sends browsers back."""


class Links:
    """Creates links. `public_url` may be set once the server knows the port that it listens on."""

    def __init__(self, public_url: str = "") -> None:
        self.public_url = public_url.rstrip("/")

    def inbox(self, token: str) -> str:
        """Returns the URL at which the recipient of a card answers it."""
        return f"{self.public_url}{INBOX}{token}"

    def execution(self, execution_id: str) -> str:
        """Returns the URL of the page of an execution."""
        return f"{self.public_url}/app/executions/{execution_id}"

    def incidents(self) -> str:
        """Returns the URL of the page of open incidents."""
        return f"{self.public_url}/app/operations/incidents"

    def systems(self) -> str:
        """Returns the URL of the page of systems that are not called as usual."""
        return f"{self.public_url}/app/operations/systems"

    def receiver(self, connection_id: str, receiver: str) -> str:
        """Returns the URL at which another system sends what happens, for one connection."""
        return f"{self.public_url}/v2/receive/{connection_id}/{receiver}"

    def invitation(self, token: str) -> str:
        """Returns the URL at which a person accepts an invitation."""
        return f"{self.public_url}{INVITATION}{token}"

    def reset(self, token: str) -> str:
        """Returns the URL at which a person chooses a new password."""
        return f"{self.public_url}{RESET}{token}"
