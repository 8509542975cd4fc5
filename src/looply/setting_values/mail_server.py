"""The mail server of an installation, as the setting `mail` describes it: for invitations, new passwords, codes."""

import json
from typing import Annotated, Any, Final, Literal

import msgspec

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]

_FORM: Final = (
    'a table, in the environment as JSON such as {"host": "smtp.example.com", "user": "looply", "password": "...", '
    '"from": "Looply <looply@example.com>"}'
)


class MailServerSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"sender": "from"}
):
    """The server that takes the mails of this installation. Without a `user` nothing is authenticated."""

    host: Text
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: str = ""
    ca: str = ""
    sender: Text
    language: Literal["en", "de"] = "en"

    def __repr__(self) -> str:
        return f"MailServerSettings(host={self.host!r}, port={self.port}, password='***')"

    @property
    def destination(self) -> str:
        """Host and port, as an entry of `egress_allow`."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_mail_server(value: Any) -> MailServerSettings:
    """Returns the mail server of the setting: a table, or the same as JSON. Raises: ValueError."""
    try:
        given = json.loads(value) if isinstance(value, str) else value
        server = msgspec.convert(given, MailServerSettings)
    except ValueError as error:
        raise ValueError(f"{_FORM}; {error}") from error
    if "@" not in server.sender:
        raise ValueError("as `from` a mail address such as looply@example.com")
    if server.user and server.tls == "none":
        raise ValueError("as `tls` starttls or tls: the password would be sent in plain text")
    return server
