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
from typing import Any, Final, cast

import httpx2
import msgspec
import pytest
import pytest_asyncio
from server_kit import Caller, ScriptedShell, card_step, definition, note_step
from structlog.testing import capture_logs

from looply.app.context.services import Services
from looply.catalog import Catalog
from looply.channels.port import DeclaredReceiver, Inbound, NotGenuine, Outcome, Pressed, ReceiverReply
from looply.channels.receiving import MAX_REPLY_BYTES, SignedReceiver
from looply.channels.replays import MAX_ANSWERS
from looply.channels.resources import ChannelResources
from looply.clock import Clock
from looply.connectors.credentials.logons import Logons
from looply.connectors.credentials.tokens import TokenCache
from looply.connectors.http.connector import CONNECTOR as HTTP
from looply.connectors.port import HttpSender
from looply.connectors.registry import Registry
from looply.engine.ports.lists import Execution
from looply.engine.ports.port import Executions
from looply.errors import Overloaded, StoreLost, StoreUnreachable
from looply.server.executions.receivers import MAX_BYTES
from looply.testing.clock import FakeClock

MODULE: Final = Path(__file__).parents[3] / "plugins" / "looply_pager.py"
KEY: Final = "a key that the pager signs with"
ANN: Final = "ann@example.com"
BOB: Final = "bob@example.com"


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


async def test_equal_bytes_of_two_people_are_two_answers(
    paged: Paged, receivers: dict[str, SignedReceiver], resources: ChannelResources
) -> None:
    def read(sent: Inbound) -> Pressed | None:
        press = RECEIVER.read(sent)
        assert press is not None
        return msgspec.structs.replace(press, mail=sent.headers["x-user"])

    by_header = replace(RECEIVER, headers=(*RECEIVER.headers, "x-user"), read=read)
    receivers["pager"] = SignedReceiver("pager", by_header, resources)
    started, token = await paged.ask()
    content = pressed(token)
    headers = paged.signed(content)
    said = [(await paged.send(content, {**headers, "x-user": who})).text for who in (BOB, ANN, BOB, ANN)]
    assert [each.split(" ")[0] for each in said] == ["REFUSED", "OK", "REFUSED", "OK"]
    assert said[0] == said[2]
    (entry,) = await paged.answers(started)
    assert entry["user"] == ANN


class TestKeptAnswers:
    """Of one organization the answers to the last presses are kept."""

    @pytest.fixture
    async def refused(self, paged: Paged) -> tuple[bytes, dict[str, str], str]:
        """A press that was refused: its bytes, its headers, and what the pager was answered."""
        content = pressed("nonsense")
        headers = paged.signed(content)
        answer = await paged.send(content, headers)
        assert answer.text.startswith("REFUSED this connection has brought no such card")
        return content, headers, answer.text

    async def press_many(self, paged: Paged, button: str = "approve") -> None:
        for number in range(MAX_ANSWERS):
            assert (await paged.press(f"nonsense {number}", button=button)).status_code == 200

    async def test_a_repetition_whose_answer_is_no_longer_kept_is_not_said_to_count(
        self, paged: Paged, refused: tuple[bytes, dict[str, str], str]
    ) -> None:
        await self.press_many(paged)
        with capture_logs() as logged:
            answer = await paged.send(*refused[:2])
        assert answer.text == "REFUSED it was sent before, and is not taken again; the card shows what became of it"
        line = {"log_level": "warning", "channel": "pager", "organization_id": paged.caller.organization_id}
        assert [each for each in logged if each["event"] == "message_repeated"] == [
            {"event": "message_repeated", **line}
        ]

    async def test_what_another_organization_is_sent_takes_none_of_its_places(
        self, paged: Paged, theirs: Caller, clock: FakeClock, refused: tuple[bytes, dict[str, str], str]
    ) -> None:
        await self.press_many(Paged(theirs, clock, await connect(theirs)))
        assert (await paged.send(*refused[:2])).text == refused[2]

    async def test_what_is_no_answer_of_a_person_takes_no_place(
        self, paged: Paged, receivers: dict[str, SignedReceiver], resources: ChannelResources
    ) -> None:
        def read(sent: Inbound) -> Pressed | None:
            return None if b"ping" in sent.content else RECEIVER.read(sent)

        def reply(outcome: Outcome | None) -> ReceiverReply:
            return (
                ReceiverReply(content=b"PONG", media_type="text/plain") if outcome is None else RECEIVER.reply(outcome)
            )

        receivers["pager"] = SignedReceiver("pager", replace(RECEIVER, read=read, reply=reply), resources)
        content = pressed("nonsense")
        headers = paged.signed(content)
        first = await paged.send(content, headers)
        assert (await paged.press("nonsense", button="ping")).text == "PONG"
        await self.press_many(paged, "ping")
        assert (await paged.send(content, headers)).text == first.text


@pytest.mark.parametrize("error", [StoreUnreachable("away"), StoreLost("gone"), Overloaded("full")])
@pytest.mark.parametrize("place", ["read", "submit"])
async def test_a_press_that_cannot_be_recorded_now_is_answered_busy_and_may_be_sent_again(
    paged: Paged, shell: ScriptedShell, error: Exception, place: str
) -> None:
    started, token = await paged.ask()
    content, executions = pressed(token), shell.executions
    headers = paged.signed(content)
    if place == "read":
        shell.executions = cast("Executions", Away(error))
    else:
        shell.submit_error = error
    answer = await paged.send(content, headers)
    assert answer.text == "BUSY the answer could not be recorded yet; send it again"
    shell.executions, shell.submit_error = executions, None
    assert (await paged.send(content, headers)).text == "OK"
    assert await paged.status(started) == "COMPLETED"


class Away:
    """The executions of a store that does not answer."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def get(self, _: str) -> Execution:
        raise self._error


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


async def test_the_reason_of_a_refusal_is_cut_in_the_log(
    paged: Paged, receivers: dict[str, SignedReceiver], resources: ChannelResources
) -> None:
    def refuse(sent: Inbound, *_: object) -> Any:
        raise NotGenuine(f"the token is {sent.content.decode()}")

    receivers["pager"] = SignedReceiver("pager", replace(RECEIVER, verify=refuse), resources)
    with capture_logs() as logged:
        assert (await paged.send(b"x" * 10_000, {})).status_code == 403
    (reason,) = [each["reason"] for each in logged if each["event"] == "message_refused"]
    assert (reason[:15], len(reason)) == ("the token is xx", 200)


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
    assert (await paged.press(token, person=BOB)).text.startswith("REFUSED ")
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


def too_late(*_: object) -> Any:
    raise NotGenuine("a bug: only `verify` may say so")


@pytest.mark.parametrize(
    "changes",
    [
        {"verify": broken},
        {"verify": lambda *_: None},
        {"verify": lambda _sent, _values, now: now + timedelta(days=1)},
        {"verify": lambda _sent, _values, now: now.replace(tzinfo=None)},
        {"read": broken},
        {"read": too_late},
        {"read": lambda _: "pressed"},
        {"read": lambda _: Pressed(token="x", data={}, mail="")},
        {"reply": broken},
        {"reply": too_late},
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
    with capture_logs() as logged:
        failed = await paged.press("token")
    assert (failed.status_code, "a bug" in failed.text) == (500, False)
    assert [each["channel"] for each in logged if each["event"] == "receiver_broke"] == ["pager"]
    receivers["pager"] = sound
    assert (await paged.press("token")).status_code == 200
