"""Images that a card has itself, in a `data:` address or as a blob: the mail carries them, within bounds."""

from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.servers.mail_server import Inbox, MailServer
from looply.connectors.blobs import Blob, reference_to
from looply.connectors.email.accounts import account_of
from looply.connectors.email.cards.delivery import MailDelivery
from looply.connectors.email.cards.letters import Appearance, Copy, Handle, find_due
from looply.connectors.email.cards.pictures import MOST, MOST_BYTES, MOST_BYTES_TOGETHER, Pictures, size_of_data
from looply.connectors.email.graph import MOST_BYTES as MOST_OF_GRAPH
from looply.connectors.email.message import InlineImage, Letter, build_mail
from looply.connectors.outbound.dialer import GuardedDialer
from looply.connectors.outbound.egress import EgressPolicy
from looply.connectors.port import ConnectionValues
from looply.errors import BadInput
from looply.jsontext import Json
from looply.limits import Limits
from looply.rates import SMALL_BYTES

AT: Final = datetime(2026, 7, 1, tzinfo=UTC)
SENDER: Final = "orders@example.com"
PNG: Final = b"\x89PNG\r\n\x1a\n"
GIF: Final = b"GIF89a"
COPY: Final = Copy(card_id="c-1", recipient="ann@example.com", link="https://looply.example.com/inbox/tok")


def data(content: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64,{b64encode(content).decode()}"


def image(url: Json, name: str = "A logo", **more: Json) -> dict[str, Json]:
    return {"type": "Image", "url": url, "altText": name, **more}


def appearance(*body: Json, **more: Any) -> Appearance:
    card: Json = {"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "Order 4711"}, *body]}
    return Appearance(**{"status": "OPEN", "card": card, "revision": 1, **more})


def letter(*body: Json, pictures: Pictures | None = None, **more: Any) -> Letter:
    due = find_due(COPY, appearance(*body, **more), Handle(), SENDER, AT, pictures or Pictures({}))
    assert due is not None
    return due.letter


def read(content: bytes) -> EmailMessage:
    assert content.isascii()
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def shape(part: Any) -> Any:
    """Returns the types of a mail, of a multipart one with those of its parts."""
    inner = [shape(each) for each in part.iter_parts()]
    return (part.get_content_type(), inner) if inner else part.get_content_type()


def test_an_image_is_a_part_beside_the_html_that_shows_it_by_its_id() -> None:
    content = PNG + bytes(range(256)) * 9
    sent = read(build_mail(letter(image(data(content), "The <plant>", width="80px")), Limits()).content)
    related = ("multipart/related", ["text/html", "image/png"])
    assert shape(sent) == ("multipart/alternative", ["text/plain", related])
    (page,) = (part for part in sent.walk() if part.get_content_type() == "text/html")
    (part,) = (part for part in sent.walk() if part.get_content_type() == "image/png")
    assert part.get_payload(decode=True) == content
    assert (part.get_content_disposition(), part.get_filename()) == ("inline", "image-1.png")
    cid = str(part["content-id"]).removeprefix("<").removesuffix(">")
    source = f'<img src="cid:{cid}" alt="The &lt;plant&gt;" width="80"'
    assert source in str(page.get_content()).replace("\r\n", "").replace("\n", "")
    assert "The <plant>" in str(sent.get_body(("plain",)))


def test_images_by_https_stay_and_a_mail_without_own_images_has_no_further_parts() -> None:
    sent = letter(image("https://x.example/a.png"))
    assert ('src="https://x.example/a.png"' in sent.html, sent.images) == (True, ())
    assert shape(read(build_mail(sent, Limits()).content)) == ("multipart/alternative", ["text/plain", "text/html"])


def test_images_of_sets_and_columns_are_carried_too_and_each_once() -> None:
    urls = [data(PNG + b"1"), data(GIF + b"2", "gif"), data(PNG + b"1", "PNG")]
    sent = letter(
        {"type": "ImageSet", "images": [image(each) for each in urls]},
        {"type": "ColumnSet", "columns": [{"items": [image(data(b"\xff\xd8\xff3", "jpeg"))]}]},
    )
    assert [each.kind for each in sent.images] == ["png", "gif", "jpeg"]
    assert sent.html.count("<img") == 4
    assert all(sent.html.count(f"cid:{each.cid}") == count for each, count in zip(sent.images, (2, 1, 1), strict=True))


def test_what_an_image_is_says_its_beginning_and_not_its_address() -> None:
    (found,) = letter(image(data(GIF, "svg+xml"))).images
    assert found.kind == "gif"


@pytest.mark.parametrize(
    "url",
    [
        data(b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "svg+xml"),
        data(b"<svg/>", "png"),
        data(b"RIFF0000WEBP", "webp"),
        data(b"%PDF-1.7"),
        data(b""),
        f"data:text/html;base64,{b64encode(PNG).decode()}",
        f"data:image/png,{PNG!r}",
        "data:image/png;base64,",
        "data:image/png;base64,iVBORw0KGg",
        "data:image/png;base64,iVBORw0KGgo=*",
        f"data:image/png;base64,{b64encode(PNG).decode()}\r\nBcc: eve@example.com",
        "data:image/png;base64,ü",
        data(PNG).replace("png", '"><script>'),
        data(PNG + bytes(MOST_BYTES)),
        data(PNG + bytes(10_000_000)),
        "cid:another@looply",
        {"url": data(PNG)},
        {"$blob": 5},
        None,
    ],
)
def test_what_is_no_image_that_mail_programs_show_is_named(url: Json) -> None:
    sent = letter(image(url, "The <plant>"))
    assert sent.images == ()
    assert "<img" not in sent.html
    assert "The &lt;plant&gt;" in sent.html


def test_of_many_images_the_first_ones_are_carried_and_the_others_are_named() -> None:
    sent = letter(*(image(data(PNG + str(number).encode()), f"({number})") for number in range(300)))
    assert (len(sent.images), sent.html.count("<img")) == (MOST, MOST)
    assert (">(19)<" in sent.html, ">(20)<" in sent.html, ">(299)<" in sent.html) == (False, True, True)
    endless = letter(*(image(data(PNG + str(number).encode())) for number in range(1000)))
    assert ("too long for a mail" in endless.html, endless.images) == (True, ())


def test_all_images_together_are_bounded_so_that_microsoft_graph_takes_the_mail() -> None:
    large = [image(data(PNG + bytes([number]) + bytes(700_000))) for number in range(3)]
    small = image(data(PNG + b"small"))
    sent = letter(*large, small, {"type": "TextBlock", "text": "ü" * 20_000})
    assert [len(each.content) > 700_000 for each in sent.images] == [True, True, False], "what fits follows"
    assert sent.bytes_of_files <= MOST_BYTES_TOGETHER
    assert len(b64encode(build_mail(sent, Limits()).content)) < MOST_OF_GRAPH


def test_a_card_that_is_drawn_again_with_its_blobs_has_the_images_of_its_addresses_too() -> None:
    logo = {"$blob": "a" * 64}
    body = [image(data(PNG + b"first")), image(logo), image(data(b"none"), "Another")]
    first = Pictures({})
    before = letter(*body, pictures=first)
    assert first.unopened == (logo,)
    after = letter(*body, pictures=first.with_opened({"a" * 64: GIF}))
    assert [each.content for each in before.images] == [PNG + b"first"]
    assert [each.content for each in after.images] == [PNG + b"first", GIF]
    assert after.images[0] is before.images[0], "what was decoded is used again"


def test_what_says_the_end_of_a_card_has_no_images() -> None:
    pictures = Pictures({})
    notified = Copy(card_id="c-1", recipient="ann@example.com", link="https://x.example/", notifies_end=True)
    closed = appearance(image(data(PNG)), status="CLOSED", text="it was withdrawn")
    due = find_due(notified, closed, Handle(mails=("<a@b>",)), SENDER, AT, pictures)
    assert due is not None
    assert (due.letter.images, pictures.images) == ((), ())


def test_images_need_html_that_shows_them() -> None:
    bare = Letter(
        sender=SENDER, to="ann@example.com", local_id="a", at=AT, subject="Hello", text="Hi",
        images=(InlineImage(cid="a@looply", content=PNG, kind="png"),),
    )  # fmt: skip
    with pytest.raises(BadInput, match="no HTML"):
        build_mail(bare, Limits())


@given(st.binary(max_size=40) | st.text(max_size=60).map(lambda text: text.encode()), st.text(max_size=80))
def test_any_address_gives_an_image_of_a_known_kind_or_none(content: bytes, text: str) -> None:
    for url in (data(content), data(PNG + content), f"data:image/{text}", text):
        pictures = Pictures({})
        source = pictures.source_of(url)
        assert source in ("", *(f"cid:{each.cid}" for each in pictures.images))
        assert {each.kind for each in pictures.images} <= {"png", "jpeg", "gif"}


class Opened:
    """Blobs, and which of them were opened."""

    def __init__(self, *contents: bytes) -> None:
        blobs = [Blob(content=each, media_type="image/png", name="logo.png") for each in contents]
        self.references = [reference_to(f"{number:064x}", blob) for number, blob in enumerate(blobs)]
        self._blobs = {str(one["$blob"]): blob for one, blob in zip(self.references, blobs, strict=True)}
        self.keys: list[str] = []

    async def __call__(self, reference: Json) -> Blob | None:
        assert isinstance(reference, dict)
        self.keys.append(str(reference["$blob"]))
        return self._blobs.get(self.keys[-1])


class TestBlobs:
    @pytest.fixture
    async def server(self, open_server: Any) -> MailServer:
        found: MailServer = await open_server()
        return found

    async def bring(
        self,
        wiring: Any,
        server: MailServer,
        blobs: Opened,
        shown: Appearance,
        handle: Handle = Handle(),  # noqa: B008
    ) -> Handle:
        settings = {"host": "127.0.0.1", "port": server.port, "tls": "none", "from": SENDER}
        account = account_of(ConnectionValues(name="M", kind="smtp", settings=settings), "the channel")
        wiring.answer()
        ctx = replace(wiring.context(), dialer=GuardedDialer(EgressPolicy((f"127.0.0.1:{server.port}",))))
        return await MailDelivery(account=account, limits=Limits(), open_blob=blobs).bring(ctx, COPY, shown, handle)

    def images(self, inbox: Inbox) -> list[bytes]:
        (mail,) = inbox.mails
        parts = read(bytes(mail.content or b"")).walk()
        return [bytes(part.get_payload(decode=True)) for part in parts if part.get_content_maintype() == "image"]  # type: ignore[arg-type]

    async def test_a_blob_is_opened_for_a_mail_that_is_due_and_once(
        self, wiring: Any, server: MailServer, inbox: Inbox
    ) -> None:
        blobs = Opened(PNG + b"logo", b"no image", GIF)
        logo, other, hidden = blobs.references
        shown = appearance(image(logo), image(logo), image(other, "Other"), image(hidden, isVisible=False))
        handle = await self.bring(wiring, server, blobs, shown)
        assert self.images(inbox) == [PNG + b"logo"]
        assert blobs.keys == [f"{0:064x}", f"{1:064x}"], "what is hidden is not opened"
        await self.bring(wiring, server, blobs, shown, handle)
        assert len(blobs.keys) == 2, "nothing is due"

    async def test_a_blob_that_is_missing_or_too_large_is_named_and_of_many_a_few_are_opened(
        self, wiring: Any, server: MailServer, inbox: Inbox
    ) -> None:
        blobs = Opened(PNG + bytes(10_000_000), *(PNG + str(number).encode() for number in range(200)))
        missing = {"$blob": "f" * 64}
        await self.bring(wiring, server, blobs, appearance(*(image(each) for each in (missing, *blobs.references))))
        assert len(blobs.keys) == MOST
        assert blobs.references[0]["$blob"] not in blobs.keys, "its size is enough to know"
        assert self.images(inbox) == [PNG + str(number).encode() for number in range(MOST - 1)]

    async def test_large_images_of_both_kinds_are_carried(self, wiring: Any, server: MailServer, inbox: Inbox) -> None:
        large, blobs = PNG + bytes(500_000), Opened(GIF + bytes(500_000))
        shown = appearance(image(data(large)), image(blobs.references[0]))
        assert size_of_data(shown.card) == len(data(large)) > SMALL_BYTES
        await self.bring(wiring, server, blobs, shown)
        assert self.images(inbox) == [large, GIF + bytes(500_000)]

    async def test_the_bytes_of_a_blob_count_and_not_the_size_that_its_reference_has(
        self, wiring: Any, server: MailServer, inbox: Inbox
    ) -> None:
        blobs = Opened(PNG + bytes(MOST_BYTES), PNG + b"logo")
        large, logo = ({**each, "size": 5} for each in blobs.references)
        await self.bring(wiring, server, blobs, appearance(image(large), image(logo)))
        assert self.images(inbox) == [PNG + b"logo"]
