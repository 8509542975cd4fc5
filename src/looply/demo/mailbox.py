"""The mailbox of the demo: a mail server on the loopback interface that keeps what it gets, and pages that show it.

It speaks as much SMTP (RFC 5321) as a relay without sign-in and without TLS does, takes mail for every recipient, and
sends nothing on.
"""

import asyncio
import html
from base64 import b64encode
from collections import deque
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Final

from looply.demo.teams.connections import OpenConnections
from looply.demo.teams.wire import Reply, Request, error

MAX_MAILS: Final = 200
_MAX_BYTES: Final = 10_000_000
_HTML: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
_POLICY: Final = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""A mail runs nothing and loads nothing; its links can be followed."""
_HEADERS: Final = {**_HTML, "Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"><style>body {{ font: 15px/1.5 system-ui, sans-serif; margin: 24px }}
pre {{ white-space: pre-wrap }} li {{ margin-block: 8px }}</style></head>
<body><h1>{title}</h1>{body}</body></html>
"""


class Mailbox:
    """The mails that came, the newest at the end; the oldest of more than `MAX_MAILS` are forgotten."""

    def __init__(self) -> None:
        self.mails: deque[tuple[int, EmailMessage]] = deque(maxlen=MAX_MAILS)
        self._count = 0
        self._connections = OpenConnections()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Takes the mails of one connection, until it is closed."""
        with self._connections.serving(writer):
            try:
                await _say(writer, "220 mailbox of the demo")
                while line := await reader.readline():
                    if not await self._obey(line.decode("latin-1").strip(), reader, writer):
                        return
            except (ConnectionError, asyncio.IncompleteReadError, ValueError):
                return  # what is no mail is not kept

    async def close(self) -> None:
        """Ends all connections."""
        await self._connections.close()

    async def _obey(self, line: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answers a command, and returns whether the connection stays."""
        match line.partition(" ")[0].upper():
            case "EHLO":
                await _say(writer, f"250-mailbox\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE {_MAX_BYTES}")
            case "HELO" | "MAIL" | "RCPT" | "RSET" | "NOOP":
                await _say(writer, "250 OK")
            case "DATA":
                await _say(writer, "354 Go ahead")
                self._keep(await _read_mail(reader))
                await _say(writer, "250 OK")
            case "QUIT":
                await _say(writer, "221 Bye")
                return False
            case _:
                await _say(writer, "502 Not implemented")
        return True

    def _keep(self, content: bytes) -> None:
        self._count += 1
        self.mails.append((self._count, message_from_bytes(content, policy=default)))

    def answer(self, request: Request) -> Reply:
        """Returns the page of all mails, or that of one."""
        match request.parts:
            case ["mails"]:
                return _page("Mailbox of the demo", self._list())
            case ["mails", number]:
                found = next((mail for known, mail in self.mails if str(known) == number), None)
                return error(404, "NotFound") if found is None else _shown(found)
        return error(404, "NotFound")

    def _list(self) -> str:
        if not self.mails:
            return "<p>No mails yet.</p>"
        return f"<ol>{''.join(_row(number, mail) for number, mail in reversed(self.mails))}</ol>"


def _row(number: int, mail: EmailMessage) -> str:
    subject, to = (html.escape(str(mail[name])) for name in ("subject", "to"))
    return f'<li><a href="/mails/{number}">{subject}</a><br>to {to}</li>'


def _shown(mail: EmailMessage) -> Reply:
    """Returns a mail as its reader sees it: its HTML as it is, under a policy; a plain one as text."""
    body = mail.get_body(("html", "plain"))
    content = str(body.get_content()).replace("\r\n", "\n") if body is not None else ""
    if body is not None and body.get_content_type() == "text/html":
        return Reply(200, _with_images(content, mail).encode(), _HEADERS)
    return _page(str(mail["subject"]), f"<pre>{html.escape(content)}</pre>")


def _with_images(content: str, mail: EmailMessage) -> str:
    """Returns the HTML of a mail with the images that the mail carries in place of their addresses."""
    for part in mail.walk():
        cid = str(part["content-id"] or "").strip("<>")
        if cid and part.get_content_maintype() == "image":
            image = part.get_payload(decode=True)
            encoded = b64encode(image).decode("ascii") if isinstance(image, bytes) else ""
            data = f"data:{part.get_content_type()};base64,{encoded}"
            content = content.replace(f'"cid:{html.escape(cid)}"', f'"{data}"')
    return content


def _page(title: str, body: str) -> Reply:
    return Reply(200, _PAGE.format(title=html.escape(title), body=body).encode(), _HEADERS)


async def _read_mail(reader: asyncio.StreamReader) -> bytes:
    """Returns the lines up to the one with a dot alone, each with a line feed as its end.

    Raises: ValueError for a mail that is too large, or has no end.
    """
    lines: list[bytes] = []
    size = 0
    while line := await reader.readline():
        content = line.rstrip(b"\r\n")
        if content == b".":
            return b"".join(lines)
        size += len(line)
        if size > _MAX_BYTES:
            raise ValueError("the mail is too large")
        lines.append((content.removeprefix(b".") if content.startswith(b"..") else content) + b"\n")
    raise ValueError("the mail has no end")


async def _say(writer: asyncio.StreamWriter, text: str) -> None:
    writer.write(f"{text}\r\n".encode())
    await writer.drain()
