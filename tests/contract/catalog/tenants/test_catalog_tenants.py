"""Isolation of organizations: objects of another organization look like objects that do not exist."""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import fields
from operator import attrgetter

import msgspec
import pytest
from sqlalchemy import select, text

from looply.catalog import Catalog
from looply.catalog.authored.cards import CardDraft
from looply.catalog.authored.connections import ConnectionDraft
from looply.catalog.authored.listing import HeadPage, HeadQuery
from looply.catalog.authored.notifications import NotificationDraft
from looply.catalog.authored.views import ViewDraft
from looply.catalog.authored.workflows import WorkflowDraft
from looply.catalog.people.invitations import InvitationDraft, NewAccount
from looply.catalog.storage.pages import Page
from looply.catalog.storage.tables import metadata
from looply.catalog.tenants.keys import KeyDraft
from looply.errors import BadRequest, LooplyError, NotFound
from looply.testing.clock import START_TIME

UNKNOWN = "be9439c2-16b9-4de2-bb1a-9154b85af065"
WORKFLOW, CARD = WorkflowDraft(name="w", definition={}), CardDraft(name="c", payload={})
VIEW = ViewDraft(page="executions", name="Stopped", query="has=incident")
BOT, PERSON, ADDRESS = "teams/1/2", "1", "buyer@example.com"
NOTIFICATION = NotificationDraft(name="Operations", channel="webhook", target="https://hooks.example.com")
CONNECTION = ConnectionDraft(name="S4", kind="sap", settings={}, secrets={"password": "p"})


class Owned(msgspec.Struct):
    """Ids of one organization's objects, or of objects that do not exist."""

    workspace: str = UNKNOWN
    workflow: str = UNKNOWN
    card: str = UNKNOWN
    profile: str = "nothing"
    connection: str = "nothing"
    connection_id: str = UNKNOWN
    key: str = UNKNOWN
    user: str = UNKNOWN
    invitation: str = UNKNOWN
    view: str = UNKNOWN
    notification: str = UNKNOWN


Call = Callable[[Catalog, str, Owned], Awaitable[object]]

REFUSED: dict[str, Call] = {
    "notifications.get": lambda c, org, o: c.notifications.get(org, o.notification),
    "notifications.update": lambda c, org, o: c.notifications.update(org, o.notification, NOTIFICATION, actor=None),
    "notifications.put_secret": lambda c, org, o: c.notifications.put_secret(org, o.notification, None, actor=None),
    "notifications.list_secrets": lambda c, org, o: c.notifications.list_secrets(org, o.notification),
    "notifications.delete": lambda c, org, o: c.notifications.delete(org, o.notification, actor=None),
    "workflows.create": lambda c, org, o: c.workflows.create(org, o.workspace, WORKFLOW),
    "workflows.save_draft": lambda c, org, o: c.workflows.save_draft(org, (o.workflow, 1), WORKFLOW, modified_on=None),
    "workflows.activate": lambda c, org, o: c.workflows.activate(org, (o.workflow, 1)),
    "workflows.delete": lambda c, org, o: c.workflows.delete(org, o.workflow),
    "workflows.get": lambda c, org, o: c.workflows.get(org, (o.workflow, 1)),
    "workflows.get_to_save": lambda c, org, o: c.workflows.get_to_save(org, (o.workflow, 1)),
    "workflows.latest_active": lambda c, org, o: c.workflows.latest_active(org, o.workflow),
    "workflows.latest_version": lambda c, org, o: c.workflows.latest_version(org, o.workflow),
    "workflows.name": lambda c, org, o: c.workflows.name(org, (o.workflow, 1)),
    "workflows.definition": lambda c, org, o: c.workflows.definition(org, (o.workflow, 1)),
    "workflow_lists.list_versions": lambda c, org, o: c.workflow_lists.list_versions(org, o.workflow, 10),
    "workflows.store_mock": lambda c, org, o: c.workflows.store_mock(org, (o.workflow, 1), {}, {}),
    "cards.create": lambda c, org, o: c.cards.create(org, o.workspace, CARD),
    "cards.save_draft": lambda c, org, o: c.cards.save_draft(org, (o.card, 1), CARD, modified_on=None),
    "cards.activate": lambda c, org, o: c.cards.activate(org, (o.card, 1)),
    "cards.delete": lambda c, org, o: c.cards.delete(org, o.card),
    "cards.get": lambda c, org, o: c.cards.get(org, (o.card, 1)),
    "cards.get_to_save": lambda c, org, o: c.cards.get_to_save(org, (o.card, 1)),
    "cards.latest_version": lambda c, org, o: c.cards.latest_version(org, o.card),
    "cards.latest_active": lambda c, org, o: c.cards.latest_active(org, o.card),
    "card_lists.list_versions": lambda c, org, o: c.card_lists.list_versions(org, o.card, 10),
    "companions.find": lambda c, org, o: c.companions.find(org, o.workflow, "canvas"),
    "companions.put": lambda c, org, o: c.companions.put(org, o.workflow, "canvas", {}, revision=None, actor=None),
    "profiles.create": lambda c, org, o: c.profiles.create(org, o.workflow, "new", {}),
    "profiles.update": lambda c, org, o: c.profiles.update(org, o.workflow, o.profile, {"a": 1}),
    "profiles.set_default": lambda c, org, o: c.profiles.set_default(org, o.workflow, o.profile),
    "profiles.delete": lambda c, org, o: c.profiles.delete(org, o.workflow, o.profile),
    "profiles.list_all": lambda c, org, o: c.profiles.list_all(org, o.workflow),
    "profiles.get": lambda c, org, o: c.profiles.get(org, o.workflow, o.profile),
    "connections.create": lambda c, org, o: c.connections.create(org, o.workspace, CONNECTION),
    "connections.update": lambda c, org, o: c.connections.update(org, o.connection, CONNECTION),
    "connections.preview": lambda c, org, o: c.connections.preview(org, o.connection, CONNECTION),
    "connections.delete": lambda c, org, o: c.connections.delete(org, o.connection),
    "connections.get": lambda c, org, o: c.connections.get(org, o.connection),
    "connections.resolve": lambda c, org, o: c.connections.resolve(org, o.connection),
    "keys.create": lambda c, org, o: c.keys.create(org, o.workspace, KeyDraft("name", ["read"])),
    "keys.revoke": lambda c, org, o: c.keys.revoke(org, o.key),
    "keys.get": lambda c, org, o: c.keys.get(org, o.key),
    "keys.get_maker": lambda c, org, o: c.keys.get_maker(org, o.key),
    "people.members.get": lambda c, org, o: c.people.members.get(org, o.user),
    "people.members.change": lambda c, org, o: c.people.members.change(
        org, o.user, role="viewer", actor=None, may_make_owners=True
    ),
    "people.members.set_groups": lambda c, org, o: c.people.members.set_groups(org, o.user, ("buyers",), None),
    "people.invitations.renew": lambda c, org, o: c.people.invitations.renew(
        org, o.invitation, actor=None, may_make_owners=True
    ),
    "people.invitations.revoke": lambda c, org, o: c.people.invitations.revoke(org, o.invitation, actor=None),
    "views.update": lambda c, org, o: c.views.update(org, o.user, o.view, VIEW, modified_on=START_TIME),
    "views.delete": lambda c, org, o: c.views.delete(org, o.user, o.view, modified_on=START_TIME),
    "people.resets.create": lambda c, org, o: c.people.resets.create(
        org, o.user, removes_second_factor=False, actor=None, may_make_owners=True
    ),
}
EMPTY: dict[str, Call] = {
    "workflows.list_page": lambda c, org, o: c.workflows.list_page(org, 10),
    "workflows.names": lambda c, org, o: c.workflows.names(org),
    "workflow_lists.list_heads": lambda c, org, o: c.workflow_lists.list_heads(org, HeadQuery(limit=10)),
    "workflow_lists.contents": lambda c, org, o: c.workflow_lists.contents(org, [(o.workflow, 1)]),
    "uses.list_page": lambda c, org, o: c.uses.list_page(org, "connection", o.connection, 10),
    "uses.connections_by_step": lambda c, org, o: c.uses.connections_by_step(org),
    "uses.count_workflows": lambda c, org, o: c.uses.count_workflows(org, "connection", [o.connection]),
    "cards.list_page": lambda c, org, o: c.cards.list_page(org, 10),
    "card_lists.list_heads": lambda c, org, o: c.card_lists.list_heads(org, HeadQuery(limit=10)),
    "card_lists.contents": lambda c, org, o: c.card_lists.contents(org, [(o.card, 1)]),
    "connections.list_page": lambda c, org, o: c.connections.list_page(org, 10),
    "keys.list_page": lambda c, org, o: c.keys.list_page(org, 10),
    "notifications.list_all": lambda c, org, o: c.notifications.list_all(org),
    "directory.find": lambda c, org, o: c.directory.find(org, BOT, ADDRESS),
    "directory.find_person": lambda c, org, o: c.directory.find_person(org, BOT, PERSON),
    "directory.list_page": lambda c, org, o: c.directory.list_page(org, BOT, 10),
    "directory.addresses": lambda c, org, o: c.directory.addresses(org, BOT, PERSON),
    "views.list_all": lambda c, org, o: c.views.list_all(org, o.user, "executions"),
    "profiles.find_default": lambda c, org, o: c.profiles.find_default(org, o.workflow),
    "people.members.list_page": lambda c, org, o: c.people.members.list_page(org, 10),
    "people.actors.names": lambda c, org, o: c.people.actors.names(org, [o.user, o.key]),
    "people.members.list_administrators": lambda c, org, o: c.people.members.list_administrators(org),
    "people.members.find_people": lambda c, org, o: c.people.members.find_people(org, "a"),
    "people.sessions.find_caller": lambda c, org, o: c.people.sessions.find_caller(org, o.user, "teams", START_TIME),
}
OWN_ROWS = {
    "notifications.create",
    "directory.keep",
    "audit.list_page",
    "audit.list_after",
    "audit.head",
    "audit.record",
    "organizations.create_workspace",
    "organizations.list_workspaces",
    "people.invitations.create",
    "people.role_settings.get",
    "people.role_settings.put",
    # An account is the same in all organizations; the caller has verified that it belongs to the person.
    "people.second_factors.enable",
    "people.second_factors.disable",
}
# Methods that return the organization instead of taking it.
WITHOUT_ORGANIZATION = {
    "organizations.create",
    "organizations.get",
    "organizations.find_first",
    "organizations.list_all",
    "organizations.list_ids",
    "keys.authenticate",
    "connections.resolve_by_id",
    # Of the loop that sends them for all organizations.
    *(f"notifications.{name}" for name in ("list_free", "take", "release", "list_reported", "forget")),
    *(f"notifications.{name}" for name in ("record_sent", "record_failed")),
    "audit.find_breaks",
    "views.create",
}
# Methods on the person who calls, whose organizations follow from the account, and on the holder of a secret text.
OF_PEOPLE = {
    "people.users.find_by_email",
    "people.users.find_credentials",
    "people.users.get",
    "people.users.exist",
    "people.users.password_hash",
    "people.users.preferences",
    "people.users.put_preferences",
    "people.users.request_reset",
    "people.members.memberships",
    "people.invitations.find",
    "people.invitations.accept",
    "people.resets.create_own",
    "people.resets.find",
    "people.resets.use",
    "people.sessions.start",
    "people.sessions.authenticate",
    "people.sessions.list_open",
    "people.sessions.choose_organization",
    "people.sessions.confirm",
    "people.sessions.change_password",
    "people.sessions.end",
    "people.attempts.begin",
    "people.attempts.forgive",
    "people.admissions.admit",
    "people.identities.find",
    "people.identities.link",
    "people.second_factors.verify",
    "people.last_uses.store",
}


@pytest.fixture
async def owned(catalog: Catalog, theirs) -> Owned:
    """One object of every kind that belongs to the other organization, ACTIVE if it has versions."""
    org = theirs.organization_id
    workflow = await catalog.workflows.create(org, theirs.workspace_id, WORKFLOW)
    await catalog.workflows.activate(org, (workflow.workflow_id, 1))
    card = await catalog.cards.create(org, theirs.workspace_id, CARD)
    await catalog.cards.activate(org, (card.card_id, 1))
    await catalog.profiles.create(org, workflow.workflow_id, "prod", {})
    connection = await catalog.connections.create(org, theirs.workspace_id, CONNECTION)
    new = await catalog.keys.create(org, theirs.workspace_id, KeyDraft("key", ["read"]))
    drafts = [InvitationDraft("buyer@example.com", "admin"), InvitationDraft("other@example.com", "admin")]
    buyer, other = await catalog.people.invitations.create(org, drafts, actor=None, may_make_owners=True)
    account = NewAccount(name="The buyer", email="buyer@example.com", password_hash="x")
    joined = await catalog.people.invitations.accept(buyer.token, account)
    view = await catalog.views.create(org, joined.user_id, VIEW)
    notification = await catalog.notifications.create(org, NOTIFICATION, actor=None)
    await catalog.directory.keep(org, BOT, PERSON, lambda _: {"name": "The buyer"}, (ADDRESS,))
    return Owned(
        workspace=theirs.workspace_id,
        workflow=workflow.workflow_id,
        card=card.card_id,
        profile="prod",
        connection="S4",
        connection_id=connection.connection_id,
        key=new.key.key_id,
        user=joined.user_id,
        invitation=other.invitation.invitation_id,
        view=view.view_id,
        notification=notification.notification_id,
    )


def test_every_method_of_the_catalog_is_tried(catalog: Catalog) -> None:
    nouns = [
        "organizations",
        "workflows",
        "workflow_lists",
        "uses",
        "cards",
        "card_lists",
        "companions",
        "profiles",
        "connections",
        "keys",
        "views",
        "directory",
        "notifications",
        "audit",
    ]
    nouns += [f"people.{field.name}" for field in fields(catalog.people)]
    methods = {
        f"{noun}.{name}"
        for noun in nouns
        for name, _ in inspect.getmembers(attrgetter(noun)(catalog), inspect.iscoroutinefunction)
        if not name.startswith("_")
    }
    assert methods == REFUSED.keys() | EMPTY.keys() | OWN_ROWS | WITHOUT_ORGANIZATION | OF_PEOPLE


def test_every_method_takes_the_organization_first(catalog: Catalog) -> None:
    for name in REFUSED.keys() | EMPTY.keys() | OWN_ROWS:
        assert next(iter(inspect.signature(attrgetter(name)(catalog)).parameters)) == "organization_id"


async def _answer(call: Call, catalog: Catalog, org: str, owned: Owned) -> tuple[type, str, str, object]:
    with pytest.raises(LooplyError) as caught:
        await call(catalog, org, owned)
    # The error repeats what the caller asked for, and nothing else may differ.
    message, problems = caught.value.message, repr(caught.value.problems)
    for asked in msgspec.structs.astuple(owned):
        message, problems = message.replace(asked, "?"), problems.replace(asked, "?")
    return type(caught.value), caught.value.code, message, problems


async def _dump(catalog: Catalog) -> dict[str, list]:
    def read(connection):
        return {table.name: sorted(map(repr, connection.execute(select(table)))) for table in metadata.sorted_tables}

    return await catalog.database.read(read)


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_theirs_answers_as_what_does_not_exist_and_stays_as_it_is(
    catalog: Catalog, mine, owned: Owned, name: str
) -> None:
    before = await _dump(catalog)
    of_theirs = await _answer(REFUSED[name], catalog, mine.organization_id, owned)
    of_unknown = await _answer(REFUSED[name], catalog, mine.organization_id, Owned())

    assert of_theirs == of_unknown
    assert of_theirs[0] is NotFound
    assert await _dump(catalog) == before


@pytest.mark.parametrize("name", sorted(REFUSED.keys() - {"connections.create"}))
async def test_the_same_call_by_the_owner_is_accepted(catalog: Catalog, theirs, owned: Owned, name: str) -> None:
    if name == "profiles.delete":
        await catalog.profiles.create(theirs.organization_id, owned.workflow, "second", {})
        owned.profile = "second"
    await REFUSED[name](catalog, theirs.organization_id, owned)


@pytest.mark.parametrize("name", EMPTY)
async def test_lists_show_nothing_of_theirs(catalog: Catalog, mine, owned: Owned, name: str) -> None:
    nothing = (Page(items=()), HeadPage(items=()), [], (), {}, None)
    assert await EMPTY[name](catalog, mine.organization_id, owned) in nothing


async def test_the_audit_shows_own_records_only(catalog: Catalog, mine, owned: Owned) -> None:
    page = await catalog.audit.list_page(mine.organization_id, 100)

    assert [record.object_id for record in page.items] == [mine.organization_id]
    assert await catalog.audit.list_after(mine.organization_id, 0, 100) == page
    assert await catalog.audit.head(mine.organization_id) == page.head
    assert page.head.count == 1


async def test_their_cursor_is_no_oracle(catalog: Catalog, mine, owned: Owned) -> None:
    for noun, theirs in ((catalog.workflows, owned.workflow), (catalog.cards, owned.card)):
        answers = set()
        for object_id in (theirs, UNKNOWN):
            with pytest.raises(BadRequest) as caught:
                await noun.list_page(mine.organization_id, 10, (object_id, 1))
            answers.add((caught.value.code, caught.value.message))
        assert len(answers) == 1

    new = await catalog.keys.create(mine.organization_id, mine.workspace_id, KeyDraft("mine", ["read"]))
    page = await catalog.keys.list_page(mine.organization_id, 10, "ffffffff-ffff-7fff-bfff-ffffffffffff")
    assert [key.key_id for key in page.items] == [new.key.key_id]
    assert (await catalog.keys.list_page(mine.organization_id, 10, owned.key)).items == ()
    assert (await catalog.connections.list_page(mine.organization_id, 10, owned.connection_id)).items == ()


async def test_a_workspace_of_another_organization_cannot_even_be_stored(catalog: Catalog, mine, theirs) -> None:
    version = await catalog.workflows.create(mine.organization_id, mine.workspace_id, WORKFLOW)

    with pytest.raises(LooplyError):
        await catalog.database.write(
            lambda connection: connection.execute(
                text("UPDATE workflow_versions SET workspace_id = :theirs WHERE workflow_id = :id"),
                {"theirs": theirs.workspace_id, "id": version.workflow_id},
            )
        )
