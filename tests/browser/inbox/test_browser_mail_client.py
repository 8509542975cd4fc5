"""Cards by mail in a mail client of another make, MailDev: what it draws of a card, and where its link leads.

MailDev receives the mails by SMTP and draws their HTML in a frame in which no script runs.
"""

import struct
import zlib
from base64 import b64encode
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

import httpx2
import pytest

from blackbox.harness.definitions import START, Definition
from browser.app.visits import PICTURES
from browser.inbox.asking import CONTROLLER, MANAGER, ORDER, Installation
from browser.serving import serving
from kit.servers.held_port import HeldPort
from kit.servers.node_peer import MODULES, PORT, running

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, Request

SCRIPT: Final = MODULES / "maildev" / "dist" / "bin" / "maildev.js"
DECIDED: Final = "4500000901"
REMINDED: Final = "4500000902"
PICTURED: Final = "4500000903"
WAIT_MILLISECONDS: Final = 60_000
_FRAME: Final = "iframe[title='Email HTML content'][sandbox]"
_ARRIVED: Final = """
async ([recipient, order, count]) => {
  const isIt = ({subject, to}) => subject.includes(order) && to.some(({address}) => address === recipient);
  for (let tries = 0; tries < 600; tries++) {
    const mails = await (await fetch("/api/email")).json();
    if (mails.filter(isIt).length >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${recipient} has not got mail ${count} about ${order}`);
}
"""


class Mailbox:
    """The mails that have arrived, by the client's own list."""

    def __init__(self, address: str, port: int) -> None:
        self.address = address
        self.port = port

    def mails(self, recipient: str, order: str) -> list[dict[str, Any]]:
        """Returns the mails of a person about a purchase order, oldest first."""
        found = httpx2.get(f"{self.address}/api/email", timeout=30).json()
        mine = [each for each in found if [to["address"] for to in each["to"]] == [recipient]]
        return sorted((each for each in mine if order in each["subject"]), key=lambda each: str(each["time"]))


class Reader:
    """A person in front of the mail client. `requests` are those of the browser, as method and address."""

    def __init__(self, context: "BrowserContext", mailbox: Mailbox) -> None:
        self.page: Page = context.new_page()
        self.requests: list[tuple[str, str]] = []
        self._mailbox = mailbox
        context.on("request", self._note)

    def _note(self, request: "Request") -> None:
        self.requests.append((request.method, request.url))

    def read(self, recipient: str, order: str, place: int) -> "FrameLocator":
        """Waits for a mail of a person about an order, counted from 1, opens it, and returns what is drawn of it."""
        self.page.goto(f"{self._mailbox.address}/")
        self.page.evaluate(_ARRIVED, [recipient, order, place])
        mail = self._mailbox.mails(recipient, order)[place - 1]
        self.page.goto(f"{self._mailbox.address}/#/email/{mail['id']}")
        self.page.reload()
        frame = self.page.locator(_FRAME)
        frame.wait_for()
        assert "allow-scripts" not in str(frame.get_attribute("sandbox"))
        return self.page.frame_locator(_FRAME)

    def changes(self, address: str) -> list[tuple[str, str]]:
        """Returns the requests to a server that may change something."""
        return [each for each in self.requests if each[1].startswith(address) and each[0] not in ("GET", "HEAD")]


@pytest.fixture(scope="module")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailbox]:
    smtp, folder = HeldPort(), tmp_path_factory.mktemp("maildev")
    own = ("--ip", "127.0.0.1", "--smtp", str(smtp.number), "--mail-directory", str(folder))
    with running(SCRIPT, *own, "--web-ip", "127.0.0.1", "--web", PORT, "--silent", ready="/api/healthz") as address:
        yield Mailbox(address, smtp.number)


def png(width: int, red: int, green: int, blue: int) -> bytes:
    """Returns an image of one color, as high as it is wide."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = (b"\0" + bytes((red, green, blue)) * width) * width
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, width, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Gives the address of another system, which has a drawing."""
    folder: Path = tmp_path_factory.mktemp("files")
    (folder / "drawing.png").write_bytes(png(64, 16, 124, 16))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(folder)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, mailbox: Mailbox, files: str) -> Iterator[Installation]:
    folder: Path = tmp_path_factory.mktemp("mails") / "data"
    with serving(folder, [f"127.0.0.1:{mailbox.port}", files]) as served:
        found = Installation(*served)
        settings = {"host": "127.0.0.1", "port": mailbox.port, "tls": "none", "from": "Orders <orders@example.com>"}
        made = found.org.post("createConnection", {"name": "MAIL", "kind": "smtp", "settings": settings})
        assert made.status_code == 200, made.text
        yield found


@pytest.fixture
def reader(browser: "Browser", mailbox: Mailbox) -> Iterator[Reader]:
    context = browser.new_context(viewport={"width": 1200, "height": 900}, locale="en-US")
    context.set_default_timeout(WAIT_MILLISECONDS)
    yield Reader(context, mailbox)
    context.close()


def asking() -> Definition:
    """Returns a workflow that asks two people by mail; the first answer counts."""
    settings = {"channel": "email", "recipients": [MANAGER, CONTROLLER], "card": ORDER, "wait": {"for": "first"}}
    step = {"id": "adaptiveCard_1", "type": "adaptiveCard", "settings": {"action": "send", **settings}}
    edges = [{"from": "WorkflowStartState", "to": "adaptiveCard_1"}]
    return {"workflow_name": "Orders by mail", "workflow_steps": [START, step], "workflow_connections": edges}


def test_a_card_is_read_in_a_mail_client_and_decided_on_the_page_of_its_link_alone(
    reader: Reader, installation: Installation, mailbox: Mailbox
) -> None:
    subject = f"Purchase order {DECIDED}"
    workflow_id, execution_id = installation.ask(asking(), po=DECIDED)
    mail = reader.read(MANAGER, DECIDED, 1)
    mail.get_by_text("Northwater Pumps GmbH").wait_for()
    for text in (subject, "Purchasing group", "002", "17,010.00 EUR", "a click in this mail decides nothing"):
        assert mail.get_by_text(text).first.is_visible(), text
    assert mail.locator("input, textarea, form, script").count() == 0
    (first,) = mailbox.mails(MANAGER, DECIDED)
    assert (first["subject"], first["from"]) == (subject, [{"address": "orders@example.com", "name": "Orders"}])
    (card,) = [each for each in installation.cards_of(execution_id) if each["recipient"] == MANAGER]
    link = str(mail.get_by_role("link", name="Approve").get_attribute("href"))
    assert link.partition("?")[0] == f"{installation.address}/inbox/{card['token']}"

    page = reader.page
    page.goto(link)
    page.get_by_role("button", name="Approve").wait_for()
    page.wait_for_load_state("networkidle")
    assert reader.changes(installation.address) == []
    assert installation.org.item(workflow_id, execution_id)["status"] == "WAITING"
    page.get_by_label("Comment").fill("Read in a mail")
    page.get_by_role("button", name="Approve").click()
    page.get_by_text("Your answer is recorded").first.wait_for()
    assert reader.changes(installation.address) == [("POST", f"{installation.address}/v2/inbox/{card['token']}")]
    installation.org.until(workflow_id, execution_id, "COMPLETED")

    reader.read(CONTROLLER, DECIDED, 2).get_by_text(f"answered by {MANAGER}").first.wait_for()
    begun, end = mailbox.mails(CONTROLLER, DECIDED)
    assert (begun["subject"], end["subject"]) == (subject, f"Re: {subject}")
    assert thread_of(end) == identity_of(begun)
    assert len(mailbox.mails(MANAGER, DECIDED)) == 1, "who has answered gets no further mail"


def test_a_reminder_is_a_mail_of_the_same_thread_in_the_client(
    reader: Reader, installation: Installation, mailbox: Mailbox
) -> None:
    _, execution_id = installation.ask(asking(), po=REMINDED)
    reader.read(CONTROLLER, REMINDED, 1).get_by_text("Northwater Pumps GmbH").wait_for()
    (card,) = [each for each in installation.cards_of(execution_id) if each["recipient"] == CONTROLLER]
    assert installation.org.post("remindCard", {"card_id": card["card_id"]}).status_code == 200
    reminder = reader.read(CONTROLLER, REMINDED, 2)
    reminder.get_by_text("Reminder: this request still waits for your answer.").wait_for()
    assert reminder.get_by_role("link", name="Approve").count() == 1
    first, second = mailbox.mails(CONTROLLER, REMINDED)
    assert thread_of(second) == identity_of(first)


def test_the_images_of_a_card_are_shown_in_the_client_those_of_its_data_and_those_of_other_systems(
    reader: Reader, installation: Installation, mailbox: Mailbox, files: str
) -> None:
    inline = f"data:image/png;base64,{b64encode(png(32, 15, 108, 189)).decode()}"
    script = f"data:image/svg+xml;base64,{b64encode(b'<svg><script>1</script></svg>').decode()}"
    images = [
        {"type": "Image", "url": inline, "altText": "Logo"},
        {"type": "Image", "url": "${httpRequest_1.output.data}", "altText": "Drawing", "width": "160px"},
        {"type": "Image", "url": script, "altText": "A vector drawing"},
    ]
    call = {"method": "GET", "url": f"http://{files}/drawing.png"}
    fetch = {"id": "httpRequest_1", "type": "httpRequest", "settings": call}
    card = {**ORDER, "body": [*ORDER["body"], *images]}
    settings = {"channel": "email", "recipients": [MANAGER], "card": card, "wait": {"for": "first"}}
    step = {"id": "adaptiveCard_1", "type": "adaptiveCard", "settings": {"action": "send", **settings}}
    edges = [{"from": "WorkflowStartState", "to": "httpRequest_1"}, {"from": "httpRequest_1", "to": "adaptiveCard_1"}]
    flow = {"workflow_name": "Drawings", "workflow_steps": [START, fetch, step], "workflow_connections": edges}
    installation.ask(flow, po=PICTURED)
    mail = reader.read(MANAGER, PICTURED, 1)
    widths = []
    for name in ("Logo", "Drawing"):
        shown = mail.get_by_role("img", name=name)
        shown.evaluate("image => image.decode()")
        widths.append(shown.evaluate("image => [image.naturalWidth, image.width]"))
    assert widths == [[32, 32], [64, 160]]
    assert mail.locator("img").count() == 2
    mail.get_by_text("A vector drawing").wait_for()
    if PICTURES:
        reader.page.screenshot(path=Path(PICTURES) / "mail-images.png")
    hosts = {url.partition("//")[2].partition("/")[0] for _, url in reader.requests if url.startswith("http")}
    assert hosts == {mailbox.address.partition("//")[2]}, "no other host is asked"


def identity_of(mail: dict[str, Any]) -> str:
    return str(mail["headers"]["message-id"])


def thread_of(mail: dict[str, Any]) -> str:
    """Returns the id of the mail that a mail follows."""
    return str(mail["headers"]["in-reply-to"])
