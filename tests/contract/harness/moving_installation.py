"""An installation that has been lived in: executions in every state, of two organizations, over several months.

installation = Installation(folder)
await installation.live()
moved = await carry_out(installation.move(address))
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from kit.channel import FakeChannel
from kit.definitions import (
    asking,
    call,
    calling,
    card,
    chain,
    computing,
    datastore,
    delaying,
    every,
    graph,
    note,
    step,
    wait,
)
from kit.driver import ORGANIZATION, WORKSPACE, Driver
from looply.catalog import Catalog
from looply.catalog.authored.bulks import Progress
from looply.catalog.authored.cards import CardDraft
from looply.catalog.authored.connections import ConnectionDraft
from looply.catalog.authored.notifications import NotificationDraft
from looply.catalog.authored.views import ViewDraft
from looply.catalog.authored.workflows import WorkflowDraft
from looply.catalog.people.invitations import InvitationDraft, NewAccount
from looply.catalog.people.sessions import SessionDraft
from looply.catalog.tenants.data_keys import DataKeys
from looply.catalog.tenants.keys import KeyDraft
from looply.cli.offline.moving import Move
from looply.clock import Ids
from looply.definition import START, Workflow
from looply.engine.coding.codec import Codec
from looply.engine.ports.store import Store
from looply.engine.processing.loading import Loader
from looply.engine.records.pruning import plan
from looply.engine.records.startup import StartupState
from looply.engine.records.targets import Maintenance
from looply.engine.sqlite import SqliteStore
from looply.engine.sqlite.file.seal import Seal
from looply.engine.upkeep.pruner import prune_now
from looply.errors import Rejected
from looply.execution import ExecutionState
from looply.execution.facts.absences import Absence
from looply.execution.facts.address import card_token, parse_address
from looply.master_keys import MasterKeys
from looply.sealing import Sealers
from looply.testing.clock import START_TIME, FakeClock, SerialEntropy, fake_loop
from looply.testing.world import HANG

THEIRS: Mapping[str, str] = {
    "organization_id": "01900000-0000-7000-8000-00000000000c",
    "workspace_id": "01900000-0000-7000-8000-00000000000d",
    "workflow_id": "01900000-0000-7000-8000-00000000000e",
}
"""Who owns the executions of the other organization."""
CALLEE = "01900000-0000-7000-8000-0000000000c1"
MONTH = timedelta(days=31)
HIDDEN = "the secret of a caller"
PASSWORD = "the secret of a connection"
TEN_YEARS = timedelta(days=3653)
LARGE = {"text": "x" * 40_000}
ORDER = {"po": "4500000001"}


@dataclass(slots=True)
class RecordedProgress:
    """Records the last progress of a move for each table."""

    last: dict[str, tuple[int, int]] = field(default_factory=dict)

    def __call__(self, what: str, done: int, total: int) -> None:
        self.last[what] = (done, total)


def counting_then_asking(rounds: int) -> Workflow:
    """Returns a workflow with a history so long that its state is stored when it waits."""
    count = step(
        "count",
        "overridePayload",
        {"parameters": [{"name": "count", "value": "${add(coalesce(payload.output.count, 0), 1)}"}]},
    )
    again = step("again", "redirect", {"target": "count", "max_visits": rounds + 1})
    rule = {"variable": "${payload.output.count}", "operator": "NumericLessThan", "value": rounds}
    more = step("more", "conditional", {"rules": [rule]})
    edges = ((START, "next", "count"), ("count", "next", "more"), ("more", "yes", "again"), ("more", "no", "wait_1"))
    return graph(count, more, again, wait(), edges=edges)


class _KnownIds(Ids):
    """Ids among which those of the organization that drivers work for can be expected next."""

    def __init__(self, entropy: SerialEntropy) -> None:
        super().__init__(entropy)
        self.expected: list[UUID] = []

    def next(self, now: datetime) -> UUID:
        """Returns what is expected, else a new id."""
        return self.expected.pop(0) if self.expected else super().next(now)


async def _add_people(catalog: Catalog, organization: str) -> None:
    """A person has accepted an invitation, signed in, by a provider too, and got a reset link; one is invited."""
    people = catalog.people
    drafts = [InvitationDraft("ann@example.com", "owner"), InvitationDraft("bob@example.com", "viewer")]
    accepted, _ = await people.invitations.create(organization, drafts, actor=None, may_make_owners=True)
    account = NewAccount(name="Ann", email="ann@example.com", password_hash="$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA")
    ann = (await people.invitations.accept(accepted.token, account)).user_id
    await people.identities.link("https://login.example.com", "subject", ann)
    await people.sessions.start(SessionDraft(user_id=ann, sign_in="local", address="192.0.2.1", user_agent="a browser"))
    await people.attempts.begin("ann@example.com", "192.0.2.1")
    await people.resets.create(organization, ann, removes_second_factor=False, actor=None, may_make_owners=True)
    await people.role_settings.put(organization, frozenset(("developers_repair",)), actor=None)
    view = ViewDraft(page="executions", name="Stopped", query="has=incident", is_shared=True)
    await catalog.views.create(organization, ann, view)


async def _call(catalog: Catalog, organization: str) -> None:
    """A logon was refused, a worker is asked about a system, and a channel knows a person."""
    ticket = await catalog.logons.take(b"a principal", is_test=False)
    assert isinstance(ticket, str)
    await catalog.logons.settle(b"a principal", ticket, is_accepted=False)
    await catalog.questions.ask(organization, "http", {"question": "test"})
    draft = NotificationDraft(name="Operations", channel="email", target="ops@example.com")
    notification = await catalog.notifications.create(organization, draft, actor=None)
    await catalog.notifications.record_sent(notification, {bytes(16): START_TIME}, START_TIME)
    await catalog.directory.keep(organization, "teams/1/2", "1", lambda _: {"id": "1"}, ("ann@example.com",))


class Installation:
    """A data folder, and the ids of what is in it by what befell it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = fake_loop().clock
        self.sealer = DataKeys(MasterKeys(folder / "key"), self.clock)
        self.ids: dict[str, str] = {}
        self.token = ""
        self.organizations: list[str] = []
        self.progress = RecordedProgress()

    async def live(self) -> None:
        """Makes catalog and executions. The process ends as a crash ends it, with calls on the way and queued."""
        self.folder.mkdir(mode=0o700, parents=True)
        (self.folder / "key").write_bytes(b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
        (self.folder / "key").chmod(0o600)
        await self._author()
        driver = Driver(lambda: SqliteStore(self.folder, self.clock), per_queue=1, sealers=self.sealer)
        driver.channels = {"inbox": FakeChannel()}
        await driver.open()
        await self._old_months(driver)
        await self._present(driver)
        await driver.settle()
        await self._cut_short(driver)
        await driver.crash(reopens=False)

    def move(self, address: str, **fields: Any) -> Move:
        """Returns the move of this installation to a database."""
        facts = {"data": self.folder, "address": address, "sealer": self.sealer, "clock": self.clock}
        return Move(**{**facts, "progress": self.progress, **fields})

    async def states(self) -> Mapping[str, ExecutionState]:
        """Returns what the histories in the folder fold to."""
        store = SqliteStore(self.folder, self.clock, is_working=False, seal=Seal(self.folder, ("catalog.db",)))
        boot = await store.open()
        try:
            return await folded(store, boot, self.sealer)
        finally:
            await store.close()

    async def _author(self) -> None:
        # Long before, so that no organization has the id of an execution, and the first one is the installation's own.
        clock, entropy = FakeClock(self.clock.now() - TEN_YEARS), SerialEntropy()
        ids = _KnownIds(entropy)
        catalog = await Catalog.open(self.folder / "catalog.db", self.sealer, clock=clock, ids=ids, entropy=entropy)
        for name in ("Mine", "Theirs"):
            organization, workspace = await catalog.organizations.create(name)
            self.organizations.append(organization)
            named = {"workflow_settings": {"on_failure": "another"}}
            draft = WorkflowDraft(name="Approval", definition={"b": 1, "a": [None, 10**40, "ü"], **named})
            workflow = await catalog.workflows.create(organization, workspace, draft)
            await catalog.profiles.create(organization, workflow.workflow_id, "prod", {"url": "https://p"})
            notes = {"notes": [{"id": "n1", "near": "wait_1", "text": "who answers?"}]}
            await catalog.companions.put(organization, workflow.workflow_id, "canvas", notes, revision=None, actor=None)
            await catalog.cards.create(
                organization, workspace, CardDraft(name="Order", payload={"type": "AdaptiveCard"})
            )
            await catalog.keys.create(organization, workspace, KeyDraft("First key", ("read",)))
            secret = ConnectionDraft(name="shop", kind="http", settings={}, secrets={"password": PASSWORD})
            await catalog.connections.create(organization, workspace, secret)
            await catalog.bulks.start((organization, workspace), "redrive", {"status": "FAILED"}, {"reason": "ü"})
        await _add_people(catalog, self.organizations[0])
        ids.expected += [UUID(ORGANIZATION), UUID(WORKSPACE)]
        await catalog.organizations.create("Of drivers")
        await _call(catalog, self.organizations[0])
        # One is in the middle, held by a process that ends; the other one waits.
        (first, *_) = await catalog.bulks.take("the process that ends", timedelta(seconds=30))
        progress = Progress(cursor=str(Ids(entropy).next(clock.now())), done=3, refused=1, is_last=False)
        await catalog.bulks.record(first.bulk_id, "the process that ends", progress)
        await catalog.close()

    async def _old_months(self, driver: Driver) -> None:
        self.ids["completed"] = await driver.trigger(computing(), {**ORDER, **LARGE})
        self.ids["terminated"] = await driver.trigger(asking())
        await driver.terminate(self.ids["terminated"])
        self.ids["kept"] = await driver.trigger(chain(note(), retention="P5Y"))
        self.ids["pruned"] = await driver.trigger(chain(note(), retention="P10D"))
        await driver.advance(MONTH)
        self.ids["waiting"] = await driver.trigger(asking(), ORDER, process_id="PO-1")
        self.ids["theirs"] = await driver.trigger(asking(), ORDER, process_id="PO-1", **THEIRS)
        self.ids["long"] = await driver.trigger(counting_then_asking(300))
        secret = chain(wait(), call("notify", body="${payload.output.pin}"), start={"secret": ["/output/pin"]})
        self.ids["secret"] = await driver.trigger(secret, {"pin": HIDDEN, **LARGE})
        await driver.advance(MONTH)
        await prune_now(driver.shell.pruning, plan(driver.clock.now(), None))

    async def _present(self, driver: Driver) -> None:
        absence = Absence(
            person="ann@example.com",
            substitute="bob@example.com",
            begins_on=driver.clock.now() + MONTH,
            ends_on=driver.clock.now() + 2 * MONTH,
            note="on leave",
        )
        await driver.shell.absences.put(ORGANIZATION, absence)
        window = Maintenance(begins_on=absence.begins_on, until=absence.ends_on, reason="an upgrade", by="operator")
        await driver.shell.targets.pause(ORGANIZATION, "https://quiet.example:443", window)
        await driver.put_schedule(every("PT1H"))
        await driver.put_schedule(every("PT2H", wait("wait_of_a_paused_one")), status="PAUSED")
        await driver.advance(timedelta(hours=1))
        driver.world.script("refused", Rejected("no such order", sent=True, status="404"))
        self.ids["failed"] = await driver.trigger(chain(call("refused", "POST")), ORDER)
        self.ids["asked"] = await driver.trigger(chain(card(recipients=["ann@example.com", "bob@example.com"])))
        state = await driver.state(self.ids["asked"])
        self.token = card_token(self.ids["asked"], state.started.seed, parse_address("card_1:1"), 1)
        two = card(recipients=["ann@example.com", "cy@example.com"], for_="all")
        self.ids["decided"] = await driver.trigger(chain(two))
        seed = (await driver.state(self.ids["decided"])).started.seed
        await driver.answer(self.ids["decided"], card_token(self.ids["decided"], seed, parse_address("card_1:1"), 0))
        self.ids["delayed"] = await driver.trigger(delaying("PT3H"))
        self.ids["keyed"] = await driver.trigger(asking(), ORDER, key="key-1")
        await driver.settle()
        await self._left_a_letter(driver)
        for name in ("prices", "ä b", "gone"):
            await driver.trigger(chain(datastore("merge", name=name, value={"big": 10**40, "text": "ü😀"})))
        await driver.settle()
        await driver.trigger(chain(datastore("delete", name="gone")))
        await driver.settle()
        driver.world.always("call_1", HANG)
        self.ids["sending"] = await driver.trigger(calling("GET"), ORDER)
        await driver.settle()
        self.ids["in_line"] = await driver.trigger(calling("POST"), ORDER)
        await self._among_others(driver)
        # The copies of the first card are shown in their channel; that of the second one is still to be.
        await driver.reconciler.tick()
        # The figures of what came before are folded; those of the last one wait.
        await driver.store.figures.fold(1000)
        self.ids["not_shown"] = await driver.trigger(chain(card("shown_later", "cy@example.com")))

    async def _left_a_letter(self, driver: Driver) -> None:
        """A resume comes before its wait, which never opens; the order's number is kept to be searched by."""
        driver.world.script("early", HANG)
        early = chain(call("early"), wait("unmet"), search_fields=["/payload/output/po"])
        self.ids["letter"] = await driver.trigger(early, {"po": "4711"})
        await driver.settle()
        await driver.resume(self.ids["letter"], {"n": 1})
        await driver.terminate(self.ids["letter"])
        driver.world.open_calls()[0].release()
        await driver.settle()

    async def _cut_short(self, driver: Driver) -> None:
        """A stretch of computing steps is stored when the process ends, and says that there is more."""
        driver.faults.die_after(1)
        driver.call(driver.trigger(counting_then_asking(200), ORDER))
        await driver.settle()
        self.ids["cut_short"] = driver.faults.units[-1].execution_id

    async def _among_others(self, driver: Driver) -> None:
        """One has a slot and one waits for it; one has a child that waits, and one is still to get its child."""
        limited = chain(wait(), max_concurrency=1)
        driver.callees.put(CALLEE, asking())
        parent = chain(step("child", "subworkflow", {"workflow_id": CALLEE, "payload": "${payload.output}"}))
        self.ids["first_in_line"] = await driver.trigger(limited, ORDER)
        self.ids["parent"] = await driver.trigger(parent, ORDER)
        await driver.deliver()
        self.ids["second_in_line"] = await driver.trigger(limited, ORDER)
        self.ids["parent_to_be"] = await driver.trigger(parent, ORDER)


async def folded(store: Store, boot: StartupState, sealers: Sealers) -> Mapping[str, ExecutionState]:
    """Returns what all histories of an open store fold to, by execution."""
    codec = Codec(sealers)
    codec.add_dictionaries(boot.dictionaries)
    loader = Loader(store, codec)
    heads = await store.reads.scan("", 1000)
    return {head.execution_id: (await loader.load(head.execution_id))[0] for head in heads}
