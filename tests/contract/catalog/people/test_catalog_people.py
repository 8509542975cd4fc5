"""People in the catalog: what is stored of secrets, what several processes see, what cannot happen twice."""

import asyncio
import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from kit.catalog import Opened, Tenant
from looply.catalog import Catalog
from looply.catalog.people.attempts import TRIES_OF_ACCOUNT, WINDOW
from looply.catalog.people.invitations import InvitationDraft, NewAccount
from looply.catalog.people.sessions import MAX_SESSIONS, SessionDraft
from looply.catalog.tenants.keys import KeyDraft
from looply.errors import Conflict, LooplyError, NotFound, Refused, TooManyTries
from looply.permissions import Role, permissions_of_role
from looply.testing.clock import FakeClock

HASH = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA"


async def join(catalog: Catalog, tenant: Tenant, email: str, role: Role = "owner") -> str:
    """Returns the id of a new member."""
    drafts = [InvitationDraft(email, role)]
    invitations = catalog.people.invitations
    (made,) = await invitations.create(tenant.organization_id, drafts, actor=None, may_make_owners=True)
    account = NewAccount(name="The person", email=email, password_hash=HASH)
    return (await invitations.accept(made.token, account)).user_id


async def start(catalog: Catalog, user_id: str) -> str:
    """Returns the token of a new session."""
    draft = SessionDraft(user_id=user_id, sign_in="local", address="192.0.2.1", user_agent="a browser")
    token = await catalog.people.sessions.start(draft)
    assert token is not None
    return token


async def test_no_token_is_stored(catalog: Catalog, mine: Tenant, stored_bytes) -> None:
    user_id = await join(catalog, mine, "owner@example.com")
    session = await start(catalog, user_id)
    drafts = [InvitationDraft("buyer@example.com", "viewer")]
    (invitation,) = await catalog.people.invitations.create(
        mine.organization_id, drafts, actor=None, may_make_owners=True
    )
    reset = await catalog.people.resets.create(
        mine.organization_id, user_id, removes_second_factor=False, actor=None, may_make_owners=True
    )
    await catalog.close()
    stored = stored_bytes()
    for token in (session, invitation.token, reset.token):
        assert token.encode() not in stored
        assert hashlib.sha256(token.encode()).digest() in stored
        assert token not in repr((invitation, reset))


async def test_a_session_has_the_permissions_of_the_role(catalog: Catalog, mine: Tenant, clock: FakeClock) -> None:
    token = await start(catalog, await join(catalog, mine, "viewer@example.com", "viewer"))
    principal = await catalog.people.sessions.authenticate(token, clock.now())
    assert principal is not None
    assert (principal.organization_id, principal.workspace_id) == (mine.organization_id, mine.workspace_id)
    assert principal.permissions == permissions_of_role("viewer")
    assert (principal.role, principal.key_id) == ("viewer", None)
    await catalog.people.role_settings.put(mine.organization_id, frozenset({"viewers_read_payloads"}), actor=None)
    principal = await catalog.people.sessions.authenticate(token, clock.now())
    assert principal is not None
    assert principal.may("read.payloads")


async def test_the_end_of_a_session_is_seen_by_all_processes(
    open_catalog: Opened, location: Path | str, clock: FakeClock
) -> None:
    first, second = await open_catalog(location), await open_catalog(location)
    tenant = Tenant(*await first.organizations.create("Mine"))
    await join(first, tenant, "owner@example.com")
    ends = {
        "end": lambda user: end_all(first, user),
        "deactivate": lambda user: first.people.members.change(
            tenant.organization_id, user, is_active=False, actor=None, may_make_owners=True
        ),
        "role": lambda user: first.people.members.change(
            tenant.organization_id, user, role="operator", actor=None, may_make_owners=True
        ),
    }
    for name, end in ends.items():
        user_id = await join(first, tenant, f"{name}@example.com", "viewer")
        token = await start(first, user_id)
        for catalog in (first, second):
            assert await catalog.people.sessions.authenticate(token, clock.now()) is not None
        await end(user_id)
        assert await first.people.sessions.authenticate(token, clock.now()) is None
        if isinstance(location, Path):
            clock.advance(timedelta(seconds=5))
        assert await second.people.sessions.authenticate(token, clock.now()) is None, name


async def end_all(catalog: Catalog, user_id: str) -> None:
    for session in await catalog.people.sessions.list_open(user_id):
        await catalog.people.sessions.end(user_id, session.session_id)


async def test_a_used_session_reads_no_rows_until_something_changes(
    catalog: Catalog, mine: Tenant, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await start(catalog, await join(catalog, mine, "owner@example.com"))
    reads = 0
    read = catalog.database.read

    async def count(function):
        nonlocal reads
        reads += 1
        return await read(function)

    monkeypatch.setattr(catalog.database, "read", count)
    for _ in range(10):
        assert await catalog.people.sessions.authenticate(token, clock.now()) is not None
    assert reads == 1


async def test_failed_attempts_are_counted_by_all_processes(
    open_catalog: Opened, location: Path | str, clock: FakeClock
) -> None:
    processes = [await open_catalog(location) for _ in range(2)]
    for number in range(TRIES_OF_ACCOUNT):
        await processes[number % 2].people.attempts.begin("Owner@example.com", f"192.0.2.{number}")
    for process in processes:
        with pytest.raises(TooManyTries) as caught:
            await process.people.attempts.begin("owner@EXAMPLE.com", "192.0.2.99")
        assert caught.value.retry_after == WINDOW
    clock.advance(WINDOW)
    await processes[0].people.attempts.begin("owner@example.com", "192.0.2.1")


async def test_concurrent_attempts_do_not_exceed_the_limit(catalog: Catalog) -> None:
    tries = [catalog.people.attempts.begin("owner@example.com", f"192.0.2.{number}") for number in range(20)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert results.count(None) == TRIES_OF_ACCOUNT


async def test_an_invitation_is_accepted_once_whatever_the_number_of_processes(
    open_catalog: Opened, location: Path | str
) -> None:
    processes = [await open_catalog(location) for _ in range(2)]
    tenant = Tenant(*await processes[0].organizations.create("Mine"))
    (made,) = await processes[0].people.invitations.create(
        tenant.organization_id, [InvitationDraft("", "owner")], actor=None, may_make_owners=True
    )
    accounts = [NewAccount(name="x", email=f"person{n}@example.com", password_hash=HASH) for n in range(2)]
    tries = [
        process.people.invitations.accept(made.token, account)
        for process, account in zip(processes, accounts, strict=True)
    ]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(each, NotFound) for each in results) == 1
    page = await processes[0].people.members.list_page(tenant.organization_id, 10)
    assert len(page.items) == 1


async def test_two_owners_who_demote_each_other_do_not_both_go(open_catalog: Opened, location: Path | str) -> None:
    processes = [await open_catalog(location) for _ in range(2)]
    tenant = Tenant(*await processes[0].organizations.create("Mine"))
    people = [await join(processes[0], tenant, f"owner{number}@example.com") for number in range(2)]
    tries = [
        process.people.members.change(tenant.organization_id, other, role="viewer", actor=None, may_make_owners=True)
        for process, other in zip(processes, reversed(people), strict=True)
    ]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert [each.code for each in results if isinstance(each, Conflict)] == ["LAST_OWNER"]
    items = (await processes[0].people.members.list_page(tenant.organization_id, 10)).items
    assert sorted(each.role for each in items) == ["owner", "viewer"]


async def test_a_refused_acceptance_leaves_nothing(catalog: Catalog, mine: Tenant) -> None:
    (made,) = await catalog.people.invitations.create(
        mine.organization_id, [InvitationDraft("", "owner")], actor=None, may_make_owners=True
    )
    for account, code in (
        (NewAccount(name=" ", email="owner@example.com", password_hash=HASH), "INVALID_NAME"),
        (NewAccount(name="x", email="no address", password_hash=HASH), "INVALID_EMAIL"),
    ):
        with pytest.raises(Refused) as caught:
            await catalog.people.invitations.accept(made.token, account)
        assert caught.value.code == code
    assert not await catalog.people.users.exist()
    assert (await catalog.people.invitations.find(made.token)).role == "owner"


async def test_an_account_is_found_by_every_spelling_of_its_address(catalog: Catalog, mine: Tenant) -> None:
    user_id = await join(catalog, mine, "Buyer@Example.com")
    for spelling in ("buyer@example.com", "BUYER@EXAMPLE.COM", "The buyer <buyer@example.com>", "buyer@example.com."):
        found = await catalog.people.users.find_by_email(spelling)
        assert found is not None
        assert (found.user_id, found.email) == (user_id, "Buyer@Example.com")
    assert await catalog.people.users.find_by_email("x" * 10_000) is None


async def test_a_person_has_a_bounded_number_of_sessions(catalog: Catalog, mine: Tenant, clock: FakeClock) -> None:
    user_id = await join(catalog, mine, "owner@example.com")
    first = await start(catalog, user_id)
    for _ in range(MAX_SESSIONS):
        clock.advance(timedelta(seconds=1))
        last = await start(catalog, user_id)
    assert len(await catalog.people.sessions.list_open(user_id)) == MAX_SESSIONS
    assert await catalog.people.sessions.authenticate(first, clock.now()) is None
    assert await catalog.people.sessions.authenticate(last, clock.now()) is not None


async def test_last_uses_are_stored_by_one_write(catalog: Catalog, mine: Tenant, clock: FakeClock) -> None:
    key = await catalog.keys.create(mine.organization_id, mine.workspace_id, KeyDraft("SAP", ["read"]))
    token = await start(catalog, user_id := await join(catalog, mine, "owner@example.com"))
    clock.advance(timedelta(hours=11))
    uses = catalog.people.last_uses
    for principal in (
        await catalog.keys.authenticate(key.text, clock.now()),
        await catalog.people.sessions.authenticate(token, clock.now()),
    ):
        assert principal is not None
        assert not uses.is_noted(principal)
        uses.note(principal, "192.0.2.7")
        assert uses.is_noted(principal)
    changes = await catalog.database.changes()
    await uses.store()
    assert await catalog.database.changes() == changes + 1
    await uses.store()
    assert await catalog.database.changes() == changes + 1
    stored = await catalog.keys.get(mine.organization_id, key.key.key_id)
    assert (stored.last_used_on, stored.last_used_from) == (clock.now(), "192.0.2.7")
    assert (await catalog.people.members.get(mine.organization_id, user_id)).last_seen_on == clock.now()
    clock.advance(timedelta(hours=11))
    assert await catalog.people.sessions.authenticate(token, clock.now()) is not None


async def test_an_identity_belongs_to_one_account(catalog: Catalog, mine: Tenant) -> None:
    people = [await join(catalog, mine, f"owner{number}@example.com") for number in range(2)]
    identities = catalog.people.identities
    assert await identities.find("https://login.example.com", "123") is None
    for _ in range(2):
        await identities.link("https://login.example.com", "123", people[0])
    with pytest.raises(LooplyError):
        await identities.link("https://login.example.com", "123", people[1])
    assert await identities.find("https://login.example.com", "123") == people[0]
    assert await identities.find("https://other.example.com", "123") is None


async def test_groups_of_a_provider_change_the_role_but_never_the_last_owner(catalog: Catalog, mine: Tenant) -> None:
    owner = await join(catalog, mine, "owner@example.com")
    viewer = await join(catalog, mine, "viewer@example.com", "viewer")
    members = catalog.people.members
    await members.set_groups(mine.organization_id, viewer, ("buyers",), "operator")
    await members.set_groups(mine.organization_id, owner, ("buyers",), "operator")
    found = {
        each.user_id: (each.role, each.groups) for each in (await members.list_page(mine.organization_id, 9)).items
    }
    assert found == {viewer: ("operator", ("buyers",)), owner: ("owner", ("buyers",))}


async def test_the_chain_of_the_audit_is_intact_with_all_changes_of_people(catalog: Catalog, mine: Tenant) -> None:
    owner = await join(catalog, mine, "owner@example.com")
    await start(catalog, owner)
    await end_all(catalog, owner)
    reset = await catalog.people.resets.create(
        mine.organization_id, owner, removes_second_factor=True, actor=None, may_make_owners=True
    )
    await catalog.people.resets.use(reset.token, HASH)
    await catalog.people.role_settings.put(mine.organization_id, frozenset(), actor=owner)
    await catalog.organizations.create_workspace(mine.organization_id, "Second", actor=owner)
    assert list(await catalog.audit.find_breaks()) == []
    actions = [each.action for each in (await catalog.audit.list_page(mine.organization_id, 30)).items]
    assert actions == [
        "workspace.create",
        "roles.change",
        "user.reset_password",
        "user.reset_link",
        "session.end",
        "session.start",
        "invitation.accept",
        "member.create",
        "invitation.create",
        "organization.create",
    ]
