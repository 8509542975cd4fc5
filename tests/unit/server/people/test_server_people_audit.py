"""What people do, and what older calls do: each call that changes something leaves a record, or has a reason why not.

The calls by which keys administer an organization are in `administration/test_server_audit.py`.
"""

import base64
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import httpx2
import pytest
from people_kit import OTHER_PASSWORD, PASSWORD, Browser, invite
from server_kit import SCHEDULED, Caller, definition

from looply.catalog import Catalog
from looply.catalog.people.second_factor import code_of
from looply.instants import to_ms
from looply.permissions import FOR_KEYS
from looply.server.application import API_ROUTES
from looply.testing.clock import FakeClock

MakeMember = Callable[..., Awaitable[Browser]]
ANN, BOB = "ann@example.com", "bob@example.com"
ASKING_ANN = definition({"id": "approval_1", "type": "approval", "settings": {"recipients": [ANN]}})

IN_HISTORY = "the history of the execution says who did it, and keeps it"
NOT_STORED = "it stores nothing"
NO_RECORD = {
    **dict.fromkeys(
        (
            "triggerworkflow",
            "triggerworkflow_v1",
            "resumeWorkflow",
            "resumeworkflow_v1",
            "terminateWorkflow",
            "inbox",
            "inboxCode",
            "receive",
            "answerCards",
        ),
        IN_HISTORY,
    ),
    **dict.fromkeys(("readInvitation", "readReset", "startSecondFactor"), NOT_STORED),
    "chooseOrganization": "a session moves to another organization of its person",
    "confirmSession": "a person enters the password again",
    "requestReset": "a stranger asks; the link that an administrator makes is recorded",
    "putPreferences": "how pages look to one person",
}
"""Calls that leave no record in the audit."""


class Stage(NamedTuple):
    """An organization, its owner, and who else acts."""

    owner: Browser
    member: MakeMember
    browsers: Callable[[], Browser]
    mine: Caller
    catalog: Catalog
    clock: FakeClock


Act = Callable[[Stage], Awaitable[httpx2.Response]]
ACTS: dict[str, tuple[str, Act]] = {}
"""The action that is recorded, and a call that succeeds, by the name of the call."""


def act(action: str) -> Callable[[Act], Act]:
    """Adds the call of that name: `sign_in` makes `signIn`."""

    def add(run: Act) -> Act:
        first, *rest = run.__name__.split("_")
        ACTS[first + "".join(part.capitalize() for part in rest)] = action, run
        return run

    return add


async def another_session(stage: Stage) -> Browser:
    browser = stage.browsers()
    assert (await browser.sign_in("owner@example.com")).status_code == 200
    return browser


async def has_second_factor(stage: Stage) -> httpx2.Response:
    secret = (await stage.owner.post("startSecondFactor")).json()["secret"]
    code = code_of(base64.b32decode(secret), int(stage.clock.now().timestamp()) // 30)
    return await stage.owner.post("enableSecondFactor", {"secret": secret, "code": code})


async def shared_view(stage: Stage) -> dict[str, Any]:
    body = {"page": "executions", "name": "Stopped", "query": "has=incident", "is_shared": True}
    item: dict[str, Any] = (await stage.owner.post("putView", body)).json()["item"]
    return item


@act("session.start")
async def sign_in(stage: Stage) -> httpx2.Response:
    return await stage.browsers().sign_in("owner@example.com")


@act("session.end")
async def sign_out(stage: Stage) -> httpx2.Response:
    return await (await another_session(stage)).post("signOut")


@act("session.end")
async def end_session(stage: Stage) -> httpx2.Response:
    await another_session(stage)
    sessions = (await stage.owner.get("list")).json()["items"]
    (other,) = [each["session_id"] for each in sessions if not each["is_current"]]
    return await stage.owner.post("end", {"session_id": other})


@act("invitation.accept")
async def accept_invitation(stage: Stage) -> httpx2.Response:
    token = await invite(stage.catalog, stage.mine.organization_id, ANN, "viewer")
    return await stage.browsers().post("acceptInvitation", {"token": token, "name": "Ann", "password": OTHER_PASSWORD})


@act("user.reset_password")
async def reset_password(stage: Stage) -> httpx2.Response:
    user_id = (await (await stage.member("viewer")).get("get")).json()["user"]["user_id"]
    link = (await stage.owner.post("createResetLink", {"user_id": user_id})).json()["link"]
    return await stage.browsers().post("resetPassword", {"token": link.rpartition("/")[2], "password": OTHER_PASSWORD})


@act("user.change_password")
async def change_password(stage: Stage) -> httpx2.Response:
    return await stage.owner.post("changePassword", {"old": PASSWORD, "new": OTHER_PASSWORD})


@act("user.enable_second_factor")
async def enable_second_factor(stage: Stage) -> httpx2.Response:
    return await has_second_factor(stage)


@act("user.disable_second_factor")
async def disable_second_factor(stage: Stage) -> httpx2.Response:
    await has_second_factor(stage)
    return await stage.owner.post("disableSecondFactor")


@act("view.put")
async def put_view(stage: Stage) -> httpx2.Response:
    view = await shared_view(stage)
    key = {"view_id": view["view_id"], "modified_on": view["modified_on"]}
    body = {"page": "executions", "name": "Failed", "query": "status=FAILED", "is_shared": True, **key}
    return await stage.owner.post("putView", body)


@act("view.delete")
async def delete_view(stage: Stage) -> httpx2.Response:
    view = await shared_view(stage)
    return await stage.owner.post("deleteView", {"view_id": view["view_id"], "modified_on": view["modified_on"]})


@act("absence.put")
async def put_absence(stage: Stage) -> httpx2.Response:
    await stage.member("approver", BOB)
    now = to_ms(stage.clock.now())
    return await stage.owner.post("putAbsence", {"from": now, "to": now + 86_400_000, "substitute": BOB})


@act("absence.delete")
async def delete_absence(stage: Stage) -> httpx2.Response:
    assert (await put_absence(stage)).status_code == 200
    return await stage.owner.post("deleteAbsence")


@act("card.delegate")
async def delegate_card(stage: Stage) -> httpx2.Response:
    ann = await stage.member("approver", ANN)
    await stage.mine.trigger(await stage.mine.create(ASKING_ANN))
    (card,) = (await ann.get("getMyCards")).json()["items"]
    return await ann.post("delegateCard", {"card_id": card["card_id"], "to": BOB, "reason": "leave"})


@act("organization.create")
async def create_organization(stage: Stage) -> httpx2.Response:
    made = await stage.owner.post("createOrganization", {"name": "Second"})
    # The record is in the audit of what was made.
    chosen = await stage.owner.post("chooseOrganization", {"organization_id": made.json()["item"]["organization_id"]})
    assert chosen.status_code == 200, chosen.text
    return made


@act("workspace.create")
async def create_workspace(stage: Stage) -> httpx2.Response:
    return await stage.owner.post("createWorkspace", {"name": "Purchasing"})


async def toggle_by_the_older_call(stage: Stage) -> httpx2.Response:
    body = {"workflow_id": await stage.mine.create(SCHEDULED), "action": "PAUSE"}
    return await stage.mine.post("/v1/workflows/toggleScheduledWorkflow", body)


ACTS["toggleScheduledWorkflow_v1"] = "schedule.pause", toggle_by_the_older_call


@pytest.fixture
def stage(
    owner: Browser,
    member: MakeMember,
    browsers: Callable[[], Browser],
    mine: Caller,
    catalog: Catalog,
    clock: FakeClock,
) -> Stage:
    return Stage(owner, member, browsers, mine, catalog, clock)


def test_every_other_call_that_changes_something_has_a_sample_or_a_reason() -> None:
    others = {
        route.name
        for route in API_ROUTES
        if route.method != "GET"
        and not route.access.startswith("read.")
        and (route.path.startswith("/v1/") or route.access not in FOR_KEYS - {"execute"})
    }
    assert others == ACTS.keys() | NO_RECORD.keys()


@pytest.mark.parametrize("name", ACTS)
async def test_what_people_do_is_recorded_once_with_who_did_it(stage: Stage, name: str) -> None:
    action, run = ACTS[name]
    answer = await run(stage)
    assert answer.status_code == 200, answer.text
    items = (await stage.owner.get("getAudit")).json()["items"]
    # Who accepts an invitation is signed in at once, and the maker of an organization is its first member.
    followed = () if action == "session.start" else ("session.start", "member.create")
    newest = next(each for each in items if each["action"] not in followed)
    kind = "key" if name.endswith("_v1") else "person"
    assert (newest["action"], newest["actor"]["kind"]) == (action, kind)
    assert newest["actor"]["id"]
