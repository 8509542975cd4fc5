"""The mailbox of the demo: what it takes, and what it shows."""

import asyncio
from collections.abc import AsyncIterator
from email.message import EmailMessage

import aiosmtplib
import pytest_asyncio

from looply.demo.mailbox import MAX_MAILS, Mailbox
from looply.demo.teams.wire import Reply, Request


class Running:
    """A mailbox and its port."""

    def __init__(self, mailbox: Mailbox, port: int) -> None:
        self.mailbox = mailbox
        self.port = port

    async def send(self, subject: str, text: str, html: str = "", image: bytes = b"") -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "looply@example.com", "manager@example.com", subject
        mail.set_content(text)
        if html:
            mail.add_alternative(html, subtype="html")
        if image and (page := mail.get_body(("html",))) is not None:
            page.add_related(image, "image", "png", cid="<1@looply>")
        await aiosmtplib.send(mail, hostname="127.0.0.1", port=self.port, start_tls=False)

    def get(self, path: str) -> Reply:
        return self.mailbox.answer(Request("GET", path, {}, b""))


@pytest_asyncio.fixture
async def running() -> AsyncIterator[Running]:
    mailbox = Mailbox()
    server = await asyncio.start_server(mailbox.serve, "127.0.0.1", 0)
    yield Running(mailbox, server.sockets[0].getsockname()[1])
    server.close()
    await mailbox.close()


async def test_a_mail_is_shown_with_its_html_under_a_policy_that_runs_nothing(running: Running) -> None:
    assert b"No mails yet" in running.get("/mails").body
    await running.send("Release <4711>?", "plain", "<p>Release <b>4711</b>?<script>1</script></p>")
    listed = running.get("/mails").body.decode()
    assert "Release &lt;4711&gt;?" in listed
    assert "to manager@example.com" in listed
    shown = running.get("/mails/1")
    assert b"<b>4711</b>" in shown.body
    assert shown.headers["Content-Security-Policy"].startswith("sandbox allow-popups")
    assert "script-src" not in shown.headers["Content-Security-Policy"]


async def test_an_image_that_a_mail_carries_is_shown_in_its_place(running: Running) -> None:
    await running.send("Logo", "plain", '<p><img src="cid:1@looply"><img src="cid:2@looply"></p>', b"PNG")
    shown = running.get("/mails/1").body.decode()
    assert '<img src="data:image/png;base64,UE5H"><img src="cid:2@looply">' in shown


async def test_a_plain_mail_is_text_and_a_dot_at_the_beginning_of_a_line_stays(running: Running) -> None:
    await running.send("Plain", ".dot\n<b>no tag</b>\n")
    shown = running.get("/mails/1").body.decode()
    assert "<pre>.dot\n&lt;b&gt;no tag&lt;/b&gt;" in shown


async def test_the_newest_is_first_and_others_are_not_found(running: Running) -> None:
    for subject in ("First", "Second"):
        await running.send(subject, "")
    listed = running.get("/mails").body.decode()
    assert listed.index("Second") < listed.index("First")
    for path in ("/mails/3", "/mails/x", "/mails/1/2"):
        assert running.get(path).status == 404
    assert running.mailbox.mails.maxlen == MAX_MAILS


async def test_what_is_no_mail_is_not_kept(running: Running) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
    await reader.readline()
    writer.write(b"STARTTLS\r\n")
    assert (await reader.readline()).startswith(b"502")
    writer.write(b"DATA\r\nSubject: half\r\n")
    await reader.readline()
    writer.close()
    await running.mailbox.close()
    assert list(running.mailbox.mails) == []
