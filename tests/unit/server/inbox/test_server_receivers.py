"""The receiver of an installed channel: what its system signs answers cards, and nothing else does.

The channel is `tests/plugins/looply_pager.py`, which signs time and bytes with a shared key.
"""

import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
import pytest_asyncio
from server_kit import Caller, card_step, definition, note_step

from looply.app.context.services import Services
from looply.catalog import Catalog
from looply.channels.port import DeclaredReceiver, Pressed, ReceiverReply
from looply.channels.receiving import MAX_REPLY_BYTES, SignedReceiver
from looply.channels.resources import ChannelResources
from looply.clock import Clock
from looply.connectors.credentials.logons import Logons
from looply.connectors.credentials.tokens import TokenCache
from looply.connectors.http.connector import CONNECTOR as HTTP
from looply.connectors.port import HttpSender
from looply.connectors.registry import Registry
from looply.server.executions.receivers import MAX_BYTES
from looply.testing.clock import FakeClock

MODULE: Final = Path(__file__).parents[3] / "plugins" / "looply_pager.py"
KEY: Final = "a key that the pager signs with"
ANN: Final = "ann@example.com"


def _load() -> Any:
    spec = spec_from_file_location("looply_pager", MODULE)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGER: Final = _load()
RECEIVER: Final[DeclaredReceiver] = PAGER.CHANNEL.receiver


@pytest.fixture
def copying() -> frozenset[str]:
    return frozenset({"pager"})


def no_network(within: timedelta, organization_id: str) -> HttpSender:
    raise AssertionError(f"a receiver has called something for {organization_id}, within {within}")


@pytest.fixture
def resources(catalog: Catalog, clock: FakeClock) -> ChannelResources:
    return ChannelResources(
        catalog=catalog,
        registry=Registry([("looply", HTTP), ("looply-pager", PAGER.CONNECTOR)]),
        sender=no_network,
        logons=Logons(),
        tokens=TokenCache(clock),
        clock=clock,
    )


@pytest.fixture
def receivers(resources: ChannelResources) -> dict[str, SignedReceiver]:
    return {"pager": SignedReceiver("pager", RECEIVER, resources)}


@pytest.fixture
def services(services: Services, resources: ChannelResources, receivers: dict[str, SignedReceiver]) -> Services:
    channels = frozenset({"inbox", "pager"})
    return replace(services, registry=resources.registry, channels=channels, receivers=receivers)


class Paged:
    """An organization with a connection to the pager."""

    def __init__(self, caller: Caller, clock: Clock, connection_id: str) -> None:
        self.caller = caller
        self.clock = clock
        self.connection_id = connection_id

    async def ask(self, **settings: Any) -> tuple[tuple[str, str], str]:
        """Starts an execution that asks Ann by the pager, and returns its ids and the token of the card."""
        step = card_step(**{"channel": "pager", "recipients": [ANN], **settings})
        workflow_id = await self.caller.create(definition(step, note_step()))
        execution_id = await self.caller.trigger(workflow_id, {"po": "4711"})
        items = (await self.caller.get("getOpenCards")).json()["items"]
        (token,) = [each["token"] for each in items if each["workflow_execution_id"] == execution_id]
        return (workflow_id, execution_id), token

    def signed(self, content: bytes, *, key: str = KEY, off: timedelta = timedelta()) -> dict[str, str]:
        """Returns the headers of what the pager sends."""
        stamp = str(int((self.clock.now() + off).timestamp()))
        signature = hmac.new(key.encode(), stamp.encode() + b"." + content, "sha256").hexdigest()
        return {"x-pager-time": stamp, "x-pager-signature": signature}

    async def send(self, content: bytes, headers: dict[str, str], *, connection: str = "") -> httpx2.Response:
        path = f"/v2/receive/{connection or self.connection_id}/pager"
        return await self.caller.client.post(path, content=content, headers=headers)

    async def press(self, token: str, *, person: str = ANN, button: str = "approve", **more: Any) -> httpx2.Response:
        """Sends the press of a button."""
        content = pressed(token, person=person, button=button, **more)
        return await self.send(content, self.signed(content))

    async def answers(self, started: tuple[str, str]) -> list[dict[str, Any]]:
        """Returns the answers in the log of an execution."""
        events = (await self.caller.item(*started))["workflow_event_log"]["events"]
        return [each for each in events if each["type"] == "CARD_ANSWERED"]

    async def status(self, started: tuple[str, str]) -> str:
        return str((await self.caller.item(*started))["status"])


def pressed(token: str, *, person: str = ANN, button: str = "approve", **more: Any) -> bytes:
    return json.dumps({"token": token, "person": person, "button": button, **more}).encode()


async def connect(caller: Caller, name: str = "PAGER", key: str = KEY) -> str:
    secrets = {"token": "sesame", **({"signing_key": key} if key else {})}
    body = {"name": name, "kind": "pager", "settings": {"base_url": "https://pager.example"}, "secrets": secrets}
    made = await caller.post("createConnection", body)
    assert made.status_code == 200, made.text
    return str(made.json()["item"]["connection_id"])


@pytest_asyncio.fixture
async def paged(mine: Caller, clock: FakeClock) -> Paged:
    return Paged(mine, clock, await connect(mine))


async def test_a_signed_press_answers_the_card_and_is_answered_in_the_form_of_its_system(paged: Paged) -> None:
    started, token = await paged.ask()
    answer = await paged.press(token)
    assert (answer.status_code, answer.text) == (200, "OK")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert await paged.status(started) == "COMPLETED"
    (entry,) = await paged.answers(started)
    assert (entry["user"], entry["via"]) == (ANN, "PAGER")


async def test_the_same_bytes_get_the_answer_of_the_first_ones_and_a_further_press_is_shown_who_has_answered(
    paged: Paged, clock: FakeClock
) -> None:
    started, token = await paged.ask()
    content = pressed(token)
    headers = paged.signed(content)
    assert [(await paged.send(content, headers)).text for _ in range(2)] == ["OK", "OK"]
    assert (await paged.press(token, button="reject")).text == f"ANSWERED {ANN}"
    assert len(await paged.answers(started)) == 1
    clock.advance(timedelta(minutes=5, seconds=1))
    assert (await paged.send(content, headers)).status_code == 403, "a recording is over with its time"


FORGED: Final[dict[str, Callable[[Paged, bytes], tuple[bytes, dict[str, str]]]]] = {
    "nothing": lambda _, content: (content, {}),
    "another key": lambda paged, content: (content, paged.signed(content, key="another")),
    "an empty key": lambda paged, content: (content, paged.signed(content, key="")),
    "other bytes": lambda paged, content: (content.replace(b"approve", b"reject "), paged.signed(content)),
    "another time": lambda paged, content: (content, {**paged.signed(content), "x-pager-time": "1"}),
    "too old": lambda paged, content: (content, paged.signed(content, off=timedelta(minutes=-5, seconds=-1))),
    "of the future": lambda paged, content: (content, paged.signed(content, off=timedelta(minutes=5, seconds=2))),
    "no press, unsigned": lambda _, content: (b"{", {}),
}


@pytest.mark.parametrize("kind", FORGED)
async def test_a_press_that_is_not_signed_by_the_key_now_is_refused_and_nothing_of_it_is_read(
    paged: Paged, kind: str
) -> None:
    started, token = await paged.ask()
    refused = await paged.send(*FORGED[kind](paged, pressed(token)))
    assert (refused.status_code, refused.json()["message"]) == (403, "Forbidden")
    assert await paged.status(started) == "WAITING"


async def test_a_body_is_bounded_before_its_sender_is_known_and_a_header_is_given_once(paged: Paged) -> None:
    assert (await paged.send(b"x" * (MAX_BYTES + 1), {})).status_code == 413
    content = pressed("token")
    pairs = [*paged.signed(content).items(), ("x-pager-time", "1")]
    path = f"/v2/receive/{paged.connection_id}/pager"
    refused = await paged.caller.client.post(path, content=content, headers=pairs)
    assert (refused.status_code, refused.json()["code"]) == (400, "BAD_HEADER")


async def test_a_signed_body_that_is_no_press_is_refused(paged: Paged) -> None:
    refused = await paged.send(b"{", paged.signed(b"{"))
    assert (refused.status_code, refused.json()["message"]) == (400, "the body is no press of a button")


async def test_the_person_must_be_the_recipient(paged: Paged) -> None:
    started, token = await paged.ask()
    assert (await paged.press(token, person="bob@example.com")).text.startswith("REFUSED ")
    assert await paged.status(started) == "WAITING"
    assert (await paged.press(token, person=ANN.upper())).text == "OK"


async def test_a_connection_answers_the_cards_that_it_has_brought_alone(
    paged: Paged, mine: Caller, theirs: Caller, clock: FakeClock
) -> None:
    foreign = Paged(theirs, clock, await connect(theirs))
    second = Paged(mine, clock, await connect(mine, "SECOND"))
    by_inbox, of_inbox = await paged.ask(channel="inbox")
    by_second, of_second = await paged.ask(app="SECOND")
    of_theirs = (await foreign.ask())[1]
    for token in (of_inbox, of_second, of_theirs, "nonsense"):
        assert (await paged.press(token)).text == "REFUSED this connection has brought no such card, or it has ended"
    assert {await paged.status(each) for each in (by_inbox, by_second)} == {"WAITING"}
    assert (await second.press(of_second)).text == "OK"


async def test_an_address_without_a_connection_of_the_kind_is_not_found(paged: Paged, mine: Caller) -> None:
    content = pressed("token")
    made = await mine.post(
        "createConnection", {"name": "WEB", "kind": "http", "settings": {"base_url": "https://web.example"}}
    )
    assert made.status_code == 200, made.text
    for connection in ("nonsense", made.json()["item"]["connection_id"]):
        refused = await paged.send(content, paged.signed(content), connection=connection)
        assert (refused.status_code, refused.json()["code"]) == (404, "CONNECTION_NOT_FOUND")


async def test_a_connection_without_a_key_takes_nothing(paged: Paged, mine: Caller) -> None:
    bare = await connect(mine, "BARE", key="")
    content = pressed("token")
    assert (await paged.send(content, paged.signed(content, key=""), connection=bare)).status_code == 403


def broken(*_: object) -> Any:
    raise ValueError("a bug")


@pytest.mark.parametrize(
    "changes",
    [
        {"verify": broken},
        {"verify": lambda *_: None},
        {"verify": lambda _sent, _values, now: now + timedelta(days=1)},
        {"verify": lambda _sent, _values, now: now.replace(tzinfo=None)},
        {"read": broken},
        {"read": lambda _: "pressed"},
        {"read": lambda _: Pressed(token="x", data={}, mail="")},
        {"reply": broken},
        {"reply": lambda _: None},
        {"reply": lambda _: ReceiverReply(content=b"x" * (MAX_REPLY_BYTES + 1))},
        {"reply": lambda _: ReceiverReply(status=99)},
        {"reply": lambda _: ReceiverReply(media_type="text/plain\r\nx-own: 1")},
    ],
)
async def test_a_bug_of_a_receiver_fails_its_call_and_says_nothing_of_it(
    paged: Paged, receivers: dict[str, SignedReceiver], resources: ChannelResources, changes: dict[str, Any]
) -> None:
    sound = receivers["pager"]
    receivers["pager"] = SignedReceiver("pager", replace(RECEIVER, **changes), resources)
    failed = await paged.press("token")
    assert (failed.status_code, "a bug" in failed.text) == (500, False)
    receivers["pager"] = sound
    assert (await paged.press("token")).status_code == 200
