"""Mail: messages sent to an independent server, and the outcome of each failure."""

import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from kit.servers.mail_server import PASSWORD, USER, Inbox, MailServer
from looply.connectors.email.connector import CONNECTOR
from looply.connectors.email.message import EmailInput, build_letter, build_mail
from looply.connectors.outbound.dialer import GuardedDialer
from looply.connectors.outbound.egress import EgressPolicy
from looply.connectors.port import CallContext
from looply.errors import AuthFailed, BadInput, OperationError, Rejected, Timeout, Unavailable
from looply.limits import Limits
from looply.testing.world import NoNetwork

Open = Callable[..., Awaitable[MailServer]]
SEND = CONNECTOR.operations[0].call
KIND = CONNECTOR.connection_kinds[0]
LONG = timedelta(minutes=4)
MAIL: dict[str, Any] = {"connection": "MAIL", "to": "ann@example.com", "subject": "Hello", "text": "Hi"}


def context(wiring: Any, port: int, trust: ssl.SSLContext | None = None, **settings: Any) -> CallContext:
    """Returns the context of a call whose connection MAIL points to a port of this machine."""
    password = settings.pop("password", PASSWORD)
    given = {"host": "127.0.0.1", "port": port, "tls": "none", "from": "Orders <orders@example.com>", **settings}
    wiring.add("MAIL", "smtp", given, {"password": password})
    wiring.http = NoNetwork(LONG)
    dialer = GuardedDialer(EgressPolicy((f"127.0.0.1:{port}",)), tls=trust)
    return replace(wiring.context(), dialer=dialer, timeout=LONG)


def parsed(content: Any) -> EmailMessage:
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    return message


async def test_a_mail_arrives_whole(wiring: Any, inbox: Inbox, open_server: Open) -> None:
    server = await open_server()
    text = "Grüße 😀\n.\nline\r\n.\r\nQUIT"
    given = {**MAIL, "to": ["Ann Smith <ann@example.com>", "bob@example.com"], "cc": "eve@bücher.example", "text": text}
    output = await SEND(context(wiring, server.port), {**given, "subject": "Bestellung für Müller", "html": "<p>ü</p>"})
    (mail,) = inbox.mails
    assert (mail.mail_from, mail.rcpt_tos) == (
        "orders@example.com",
        ["ann@example.com", "bob@example.com", "eve@xn--bcher-kva.example"],
    )
    message = parsed(mail.content)
    assert str(message["From"]) == "Orders <orders@example.com>"
    assert str(message["To"]) == "Ann Smith <ann@example.com>, bob@example.com"
    assert str(message["Cc"]) == "eve@xn--bcher-kva.example"
    assert (str(message["Subject"]), str(message["Auto-Submitted"])) == ("Bestellung für Müller", "auto-generated")
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().replace("\r\n", "\n").rstrip("\n") == text.replace("\r\n", "\n")
    assert html.get_content().strip() == "<p>ü</p>"
    assert output == {"message_id": str(message["Message-ID"]), "accepted": mail.rcpt_tos, "refused": []}


async def test_only_seven_bits_leave(wiring: Any, inbox: Inbox, open_server: Open) -> None:
    server = await open_server()
    await SEND(context(wiring, server.port), {**MAIL, "subject": "ü" * 300, "text": "ß" * 5000, "html": "ä"})
    assert bytes(inbox.mails[0].content or b"").isascii()  # type: ignore[arg-type]


def test_the_id_is_that_of_the_visit(clock: Any) -> None:
    given = EmailInput(connection="MAIL", to="ann@example.com", text="Hi")

    def id_of(key: str, sender: str = "orders@example.com") -> str:
        return build_mail(build_letter(given, sender, key, clock.now()), Limits()).message_id

    assert id_of("exe:mail_1:1") == id_of("exe:mail_1:1")
    assert id_of("exe:mail_1:1") != id_of("exe:mail_1:2")
    assert id_of("exe:mail_1:1", "a@bücher.example").endswith("@xn--bcher-kva.example>")


@pytest.mark.parametrize(
    ("field", "value", "part"),
    [
        ("subject", "Hello\r\nBcc: eve@example.com", "line break"),
        ("to", "ann@example.com\r\nBcc: eve@example.com", "no mail address"),
        ("to", ["Ann\r\nBcc: eve@example.com <ann@example.com>"], "no mail address"),
        ("to", ["ann@example.com> NOTIFY=NEVER <x@y.z"], "no mail address"),
        ("subject", "=?utf-8?q?Hello=0d=0aBcc:_eve@example.com?=", "encoded word"),
        ("subject", "Hi =?utf-8?b?YQ0KQmNjOiBlQGV4YW1wbGUuY29t?=", "encoded word"),
        ("to", "=?utf-8?q?Ann=0d=0aBcc:_eve@example.com?= <ann@example.com>", "no mail address"),
        ("cc", "=?utf-8?q?ann=0d=0a?=@example.com", "no mail address"),
        ("to", "ann@example.com\0", "no mail address"),
        ("to", [], "no recipient"),
        ("to", " , ", "no recipient"),
        ("to", None, "does not fit"),
        ("to", [5], "does not fit"),
        ("cc", "nobody", "no mail address"),
        ("text", "", "no body"),
        ("text", "x" * 11_000_000, "mail_bytes"),
        ("text", "x" * 9_000_000, "mail_bytes"),
        ("to", [f"u{n}@example.com" for n in range(101)], "101 recipients"),
        ("text", {"a": 1}, "does not fit"),
        ("to", "ann@" + "x" * 70 + ".example", "no name of a host"),
    ],
)
async def test_a_mail_that_is_not_valid_is_never_sent(
    wiring: Any, inbox: Inbox, open_server: Open, field: str, value: Any, part: str
) -> None:
    server = await open_server()
    with pytest.raises(BadInput, match=part) as caught:
        await SEND(context(wiring, server.port), {**MAIL, field: value})
    assert not caught.value.sent
    assert inbox.mails == []


async def test_values_of_expressions_become_text(wiring: Any, inbox: Inbox, open_server: Open) -> None:
    server = await open_server()
    await SEND(context(wiring, server.port), {**MAIL, "subject": 4711, "text": 5, "html": None, "cc": None})
    message = parsed(inbox.mails[0].content)
    assert (str(message["Subject"]), message.get_content().strip()) == ("4711", "5")


@pytest.mark.parametrize("subject", ["Is a=?b", "a?= b =?", "=?", "100 % =?= 1"])
async def test_a_subject_that_looks_a_little_like_an_encoded_word_arrives_as_it_is(
    wiring: Any, inbox: Inbox, open_server: Open, subject: str
) -> None:
    server = await open_server()
    await SEND(context(wiring, server.port), {**MAIL, "subject": subject})
    assert str(parsed(inbox.mails[0].content)["Subject"]) == subject


@pytest.mark.parametrize("mode", ["starttls", "tls"])
async def test_mail_goes_encrypted_and_with_a_user(
    wiring: Any, inbox: Inbox, open_server: Open, server_tls: ssl.SSLContext, trusting: ssl.SSLContext, mode: str
) -> None:
    server = await open_server(server_tls, at_once=mode == "tls")
    await SEND(context(wiring, server.port, trusting, tls=mode, user=USER), MAIL)
    assert (len(inbox.mails), inbox.users) == (1, [USER])
    assert inbox.encrypted == [True] or mode == "tls"


@pytest.mark.parametrize("mode", ["starttls", "tls"])
async def test_an_untrusted_certificate_ends_the_call(
    wiring: Any, inbox: Inbox, open_server: Open, server_tls: ssl.SSLContext, mode: str
) -> None:
    server = await open_server(server_tls, at_once=mode == "tls")
    with pytest.raises(Rejected) as caught:
        await SEND(context(wiring, server.port, tls=mode, user=USER), MAIL)
    assert (caught.value.code, caught.value.sent) == ("TLS_CERTIFICATE", False)
    assert (inbox.users, inbox.mails) == ([], [])


async def test_the_environment_adds_no_authority_and_gets_no_keys_of_connections(
    wiring: Any,
    open_server: Open,
    certificate: Path,
    server_tls: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    keys = tmp_path / "keys"
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("SSLKEYLOGFILE", str(keys))
    server = await open_server(server_tls)
    with pytest.raises(Rejected) as caught:
        await SEND(context(wiring, server.port, tls="starttls"), MAIL)
    assert (caught.value.code, keys.exists()) == ("TLS_CERTIFICATE", False)


async def test_a_server_without_starttls_gets_neither_password_nor_mail(
    wiring: Any, inbox: Inbox, open_server: Open
) -> None:
    server = await open_server()
    with pytest.raises(Rejected) as caught:
        await SEND(context(wiring, server.port, tls="starttls", user=USER), MAIL)
    assert (caught.value.code, inbox.users) == ("MAIL_UNSUPPORTED", [])


async def test_a_wrong_password_is_an_error_of_its_own(
    wiring: Any, open_server: Open, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    server = await open_server(server_tls)
    call = context(wiring, server.port, trusting, tls="starttls", user=USER, password="wrong-password")
    with pytest.raises(AuthFailed) as caught:
        await SEND(call, MAIL)
    assert (caught.value.status, caught.value.sent) == ("535", False)
    assert "wrong-password" not in caught.value.message


async def test_refused_recipients_do_not_prevent_the_mail_to_the_others(
    wiring: Any, inbox: Inbox, open_server: Open
) -> None:
    inbox.answers["bob@example.com"] = "550 no such user"
    server = await open_server()
    output = await SEND(context(wiring, server.port), {**MAIL, "to": "ann@example.com, bob@example.com"})
    assert output["accepted"] == ["ann@example.com"]
    assert output["refused"] == [{"address": "bob@example.com", "status": "550", "message": "no such user"}]
    assert inbox.mails[0].rcpt_tos == ["ann@example.com"]


@pytest.mark.parametrize(
    ("answer", "is_transient", "code"), [("550 no such user", False, "MAIL_REFUSED"), ("451 later", True, "CONNECTION")]
)
async def test_without_any_recipient_the_step_fails(
    wiring: Any, inbox: Inbox, open_server: Open, answer: str, is_transient: bool, code: str
) -> None:
    inbox.answers["ann@example.com"] = answer
    server = await open_server()
    with pytest.raises(OperationError) as caught:
        await SEND(context(wiring, server.port), MAIL)
    error = caught.value
    assert (error.is_transient, error.code, error.status, error.sent) == (is_transient, code, answer[:3], False)


@pytest.mark.parametrize(
    ("answer", "is_transient", "code"),
    [("552 too large", False, "MAIL_REFUSED"), ("452 disk full", True, "CONNECTION")],
)
async def test_a_refusal_of_the_mail_is_an_answer(
    wiring: Any, inbox: Inbox, open_server: Open, answer: str, is_transient: bool, code: str
) -> None:
    inbox.data = answer
    server = await open_server()
    with pytest.raises(OperationError, match=answer[4:]) as caught:
        await SEND(context(wiring, server.port), MAIL)
    error = caught.value
    assert (error.is_transient, error.code, error.status, error.sent) == (is_transient, code, answer[:3], False)


async def test_a_connection_that_breaks_after_the_mail_has_an_unknown_outcome(
    wiring: Any, inbox: Inbox, open_server: Open
) -> None:
    inbox.cuts = True
    server = await open_server()
    with pytest.raises(Unavailable) as caught:
        await SEND(context(wiring, server.port), MAIL)
    assert (caught.value.code, caught.value.sent) == ("CONNECTION", True)
    assert len(inbox.mails) == 1


async def test_a_server_that_does_not_answer_has_an_unknown_outcome(
    wiring: Any, inbox: Inbox, open_server: Open
) -> None:
    inbox.hangs = True
    server = await open_server()
    call = replace(context(wiring, server.port), timeout=timedelta(seconds=3))
    with pytest.raises(Timeout) as caught:
        await SEND(call, MAIL)
    assert caught.value.sent == bool(inbox.mails)


async def test_a_server_that_never_greets_received_nothing(wiring: Any, serve: Any) -> None:
    async def silent(reader: Any, writer: Any) -> None:
        await reader.read()
        writer.close()

    call = replace(context(wiring, await serve(silent)), timeout=timedelta(milliseconds=300))
    with pytest.raises(Timeout) as caught:
        await SEND(call, MAIL)
    assert not caught.value.sent


async def test_an_unreachable_server_received_nothing(wiring: Any, open_server: Open) -> None:
    server = await open_server()
    await server.stop()
    with pytest.raises(Unavailable) as caught:
        await SEND(context(wiring, server.port), MAIL)
    assert not caught.value.sent


async def test_a_server_without_smtp_is_unavailable(wiring: Any, serve: Any) -> None:
    async def http(_reader: Any, writer: Any) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    with pytest.raises(OperationError) as caught:
        await SEND(context(wiring, await serve(http)), MAIL)
    assert not caught.value.sent


@pytest.mark.parametrize("allow", [(), ("10.0.0.0/8",)])
async def test_destinations_that_are_not_allowed_are_not_connected(
    wiring: Any, inbox: Inbox, open_server: Open, allow: tuple[str, ...]
) -> None:
    server = await open_server()
    call = replace(context(wiring, server.port), dialer=GuardedDialer(EgressPolicy(allow)))
    with pytest.raises(Rejected) as caught:
        await SEND(call, MAIL)
    assert caught.value.code == "EGRESS_DENIED"


def test_ports_of_mail_are_open_for_mail_alone() -> None:
    policy = EgressPolicy()
    assert policy.permits("8.8.8.8", "mail.example.com", 587, frozenset({587}))
    assert not policy.permits("8.8.8.8", "mail.example.com", 587)
    assert not policy.permits("8.8.8.8", "mail.example.com", 22, frozenset({587}))
    assert not policy.permits("10.1.2.3", "mail.example.com", 587, frozenset({587}))


async def test_a_connection_of_another_kind_is_refused(wiring: Any) -> None:
    call = context(wiring, 1)
    wiring.add("MAIL", "http", {"base_url": "https://example.com"})
    with pytest.raises(BadInput, match="one of kind smtp or graph_mail"):
        await SEND(call, MAIL)


GOOD = {"host": "mail.example.com", "from": "orders@example.com"}


class TestConnections:
    def test_host_and_sender_are_enough(self) -> None:
        assert KIND.problems(GOOD, {}) == ()
        assert KIND.problems({**GOOD, "port": 465, "tls": "tls", "user": "u"}, {"password": "p"}) == ()

    @pytest.mark.parametrize(
        ("settings", "path"),
        [
            ({"from": "orders"}, "/settings/from"),
            ({"from": "a@b.c\r\nBcc: d@e.f"}, "/settings/from"),
            ({"port": 0}, "/settings/port"),
            ({"tls": "ssl"}, "/settings/tls"),
            ({"tls": "none", "user": "u"}, "/settings/tls"),
            ({"host": ""}, "/settings/host"),
            ({"auth": "none", "user": "u"}, "/settings/user"),
            ({"scope": "s"}, "/settings/scope"),
            ({"ca": "no certificate"}, "/settings/ca"),
            ({"password": "x"}, "/settings"),
        ],
    )
    def test_problems_are_reported_when_it_is_saved(self, settings: dict[str, Any], path: str) -> None:
        assert [problem.path for problem in KIND.problems({**GOOD, **settings}, {})] == [path]
