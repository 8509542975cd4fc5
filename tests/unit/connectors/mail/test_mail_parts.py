"""The parts of a mail beside its text: attachments, where answers go, how to unsubscribe, the thread."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest

from looply.connectors.email.attachments import open_attachments
from looply.connectors.email.message import Attachment, EmailInput, Letter, build_letter, build_mail
from looply.errors import BadInput
from looply.limits import Limits

AT = datetime(2026, 7, 1, tzinfo=UTC)
MAIL: dict[str, Any] = {"connection": "MAIL", "to": "ann@example.com", "subject": "Hello", "text": "Hi"}
LETTER = Letter(sender="orders@example.com", to="ann@example.com", local_id="a", at=AT, subject="Hello", text="Hi")


def parsed(letter: Letter, limits: Limits | None = None) -> EmailMessage:
    content = build_mail(letter, limits or Limits()).content
    assert content.isascii()
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    return message


async def attached(blobs: Any, value: Any, most: int = 1000) -> tuple[Attachment, ...]:
    return await open_attachments(EmailInput(**MAIL, attachments=value), blobs, most)


async def test_a_blob_arrives_as_a_file_with_its_type_and_name(blobs: Any) -> None:
    reference = await blobs.keep(b"%PDF\x00\xff", "application/pdf", "Größe 1.pdf")
    files = await attached(blobs, reference)
    (part,) = parsed(replace_letter(attachments=files)).iter_attachments()
    assert isinstance(part, EmailMessage)
    assert (part.get_content_type(), part.get_filename(), part.get_content()) == (
        "application/pdf",
        "Größe 1.pdf",
        b"%PDF\x00\xff",
    )


async def test_attachments_keep_their_order_and_may_have_other_names_and_texts(blobs: Any) -> None:
    reference = await blobs.keep(b"x", "application/octet-stream", "")
    value = [
        {"content": reference, "name": "order.bin"},
        {"content": "a;b\nÄ;1", "name": "orders.csv"},
        {"content": "x", "name": "n", "type": "text/x-own"},
    ]
    message = parsed(replace_letter(html="<p>Hi</p>", attachments=await attached(blobs, value)))
    found = [(part.get_filename(), part.get_content_type()) for part in message.iter_attachments()]
    assert found == [("order.bin", "application/octet-stream"), ("orders.csv", "text/csv"), ("n", "text/x-own")]
    body = message.get_body(("plain",))
    assert body is not None
    assert body.get_content().strip() == "Hi"


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ([{"content": 5}], "neither a blob nor"),
        ([{"content": "text"}], "without a `name`"),
        ([{"content": "text", "name": 5}], "no text"),
        ([{"content": "text", "name": "a", "url": "https://x"}], "'url'"),
        ([{"$blob": "99"}], "no such blob"),
        ([{"content": "text", "name": "a"}] * 51, "more than 50"),
        ([{"content": "x" * 600, "name": "a"}] * 2, "mail_bytes"),
    ],
)
async def test_what_cannot_be_attached_is_refused(blobs: Any, value: Any, part: str) -> None:
    with pytest.raises(BadInput, match=part):
        await attached(blobs, value)


@pytest.mark.parametrize(
    ("name", "media_type", "shown", "kind"),
    [
        ("../../etc/passwd", "text/plain", "passwd", "text/plain"),
        ("a\r\nBcc: eve@example.com", "application/pdf", "aBcc: eve@example.com", "application/pdf"),
        ("invoice\u202efdp.exe", "application/pdf\r\nX: y", "invoicefdp.exe", "application/octet-stream"),
        ("a.eml", "message/rfc822", "a.eml", "application/octet-stream"),
        (" . ", "Application/PDF; x=y", "attachment", "application/pdf"),
    ],
)
def test_a_name_hides_nothing_and_a_type_adds_no_header(name: str, media_type: str, shown: str, kind: str) -> None:
    letter = replace_letter(attachments=(Attachment(content=b"x", media_type=media_type, name=name),))
    message = parsed(letter)
    (part,) = message.iter_attachments()
    assert isinstance(part, EmailMessage)
    assert (part.get_filename(), part.get_content_type()) == (shown, kind)
    assert message["Bcc"] is None


def test_a_mail_with_its_attachments_has_a_bound() -> None:
    letter = replace_letter(attachments=(Attachment(content=b"x" * 900, media_type="a/b", name="n"),))
    with pytest.raises(BadInput, match="mail_bytes"):
        build_mail(letter, Limits(mail_bytes=1000))


def test_answers_go_where_the_step_says() -> None:
    email = EmailInput(**MAIL, reply_to=["Buyer <buyer@bücher.example>"])
    message = parsed(build_letter(email, "orders@example.com", "k", AT))
    assert str(message["Reply-To"]) == "Buyer <buyer@xn--bcher-kva.example>"
    with pytest.raises(BadInput, match="`reply_to`"):
        build_mail(build_letter(EmailInput(**MAIL, reply_to="a\r\nBcc: b@c.example"), "o@b.example", "k", AT), Limits())


@pytest.mark.parametrize(
    ("url", "header", "is_one_click"),
    [
        ("https://example.com/off?u=1", "<https://example.com/off?u=1>", True),
        ("https://example.com/" + "x" * 500, "<https://example.com/" + "x" * 500 + ">", True),
        ("mailto:off@example.com?subject=off", "<mailto:off@example.com?subject=off>", False),
    ],
)
def test_a_recipient_can_unsubscribe(url: str, header: str, is_one_click: bool) -> None:
    content = build_mail(replace_letter(list_unsubscribe=url), Limits()).content
    message = message_from_bytes(content)
    assert message["List-Unsubscribe"].strip() == header
    assert message["List-Unsubscribe-Post"] == ("List-Unsubscribe=One-Click" if is_one_click else None)
    assert max(map(len, content.split(b"\r\n"))) < 998


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "javascript:alert(1)",
        "mailto:nobody",
        "mailto:a@b.example?subject=a\r\nBcc: c@d.example",
        "https://example.com/>\r\nBcc: eve@example.com",
        "https://example.com/" + "x" * 1000,
    ],
)
def test_what_is_no_address_to_unsubscribe_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="list_unsubscribe"):
        build_mail(replace_letter(list_unsubscribe=url), Limits())


def test_a_thread_is_named_whole_whatever_its_length() -> None:
    ids = tuple(f"<{'x' * 40}.{number}@orders.example.com>" for number in range(20))
    content = build_mail(replace_letter(references=ids), Limits()).content
    message = message_from_bytes(content)
    assert (message["In-Reply-To"], tuple(message["References"].split())) == (ids[-1], ids)
    assert max(map(len, content.split(b"\r\n"))) < 998


def replace_letter(**changes: Any) -> Letter:
    values = {name: getattr(LETTER, name) for name in LETTER.__struct_fields__}
    return Letter(**{**values, **changes})
