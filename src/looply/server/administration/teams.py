"""Calls on bots of Microsoft Teams: the app package, what its administrator needs, and whom the bot can reach."""

from base64 import b64encode
from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.administration import teams
from looply.app.messages.bots import Reach, ReachStatus
from looply.instants import ms_or_none
from looply.server.http.call import Call, Parameter, Response, manage_route, read_route
from looply.server.http.wire import LIMIT, SUCCESS, flag_of, limit_of

TAG: Final = "Microsoft Teams"
_ZIP: Final = "application/zip"
_NAME: Final = Parameter("name", "Name of the connection of kind `teams`.", is_required=True)


class TeamsSetup(msgspec.Struct, frozen=True, kw_only=True):
    """What an administrator of Microsoft needs.

    `messaging_endpoint` is the address that the Azure bot is given, null without a public address of the installation.
    On `consent_url` the rights of the application are consented to, on `admin_url` the package is uploaded; null where
    the cloud of the connection has no known page. `people` is that of the connection.
    """

    app_id: str
    tenant_id: str
    messaging_endpoint: str | None
    consent_url: str
    admin_url: str | None
    people: Literal["events", "graph"]


class TeamsSetupAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses of one connection."""

    message: str
    item: TeamsSetup


class TeamsPackage(msgspec.Struct, frozen=True, kw_only=True):
    """The app package. `content` are the bytes of the archive in base64."""

    name: str
    type: str
    size: int
    content: str


class TeamsPackageAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The app package of one connection."""

    message: str
    item: TeamsPackage


class TeamsPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A person as the bot knows them.

    `status` says whether the bot can reach the person: `HEALTHY`, and `RECOVERED` for a week after a time in which it
    could not; `PROVISIONING`: the app is installed, and the chat comes with its first use; `NO_CONTEXT`: there is no
    chat; `STALE_CONTEXT`: the chat no longer exists; `BLOCKED`: the bot may not write; `NOT_INSTALLED`; `FAILED`: it
    could not be found out; `NOT_CHECKED`. `reason` is Microsoft's code of the last refusal, `failure` that of a check
    that ended early. `seen_on` is the last event of the person, `checked_on` the last check.
    """

    person_id: str
    name: str | None
    mail: str | None
    user_principal_name: str | None
    status: ReachStatus
    reason: str | None
    failure: str | None
    seen_on: int | None
    checked_on: int | None


class TeamsPersonAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One person."""

    message: str
    item: TeamsPerson


class TeamsPersonCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Cursor of the next page: send the field back as a query parameter."""

    person_id: str


class TeamsPeoplePage(msgspec.Struct, frozen=True, kw_only=True):
    """One page. `lastKey` is present when another page follows, also when this one has no items."""

    message: str
    count: int
    items: list[TeamsPerson]
    last_key: TeamsPersonCursor | UnsetType = msgspec.field(name="lastKey", default=UNSET)


class CheckTeamsPersonBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The connection, and a person by `person_id` or by an address."""

    name: str
    person: str


async def get_teams_setup(call: Call) -> Response:
    """Reads what an administrator of Microsoft needs."""
    found = await teams.get_setup(call.services, call.principal, call.query.get("name"))
    item = TeamsSetup(
        app_id=found.bot.app_id,
        tenant_id=found.bot.tenant_id,
        messaging_endpoint=found.messaging_endpoint or None,
        consent_url=found.bot.consent_url,
        admin_url=found.bot.admin_url or None,
        people=found.bot.people,
    )
    return Response(TeamsSetupAnswer(message=SUCCESS, item=item))


async def get_teams_package(call: Call) -> Response:
    """Makes the app package."""
    query = call.query
    found = await teams.get_package(
        call.services,
        call.principal,
        query.get("name"),
        version=query.get("version"),
        public_url=query.get("public_url"),
        has_tab=flag_of(call, "tab"),
    )
    content = b64encode(found.content).decode("ascii")
    item = TeamsPackage(name=found.file_name, type=_ZIP, size=len(found.content), content=content)
    return Response(TeamsPackageAnswer(message=SUCCESS, item=item))


async def get_teams_people(call: Call) -> Response:
    """Lists people whom the bot knows."""
    query = call.query
    page = await teams.list_people(
        call.services,
        call.principal,
        query.get("name"),
        query.all("status"),
        limit_of(call),
        query.get("person_id"),
    )
    items = [_record(each) for each in page.items]
    last_key = TeamsPersonCursor(person_id=page.after) if page.after else UNSET
    return Response(TeamsPeoplePage(message=SUCCESS, count=len(items), items=items, last_key=last_key))


async def check_teams_person(call: Call) -> Response:
    """Asks Microsoft about a person."""
    body: CheckTeamsPersonBody = call.body
    found = await teams.check_person(call.services, call.principal, body.name, body.person)
    return Response(TeamsPersonAnswer(message=SUCCESS, item=_record(found)))


def _record(reach: Reach) -> TeamsPerson:
    return TeamsPerson(
        person_id=reach.person_id,
        name=reach.name or None,
        mail=reach.mail or None,
        user_principal_name=reach.user_principal_name or None,
        status=reach.status,
        reason=reach.reason or None,
        failure=reach.failure or None,
        seen_on=ms_or_none(reach.seen_on),
        checked_on=ms_or_none(reach.checked_on),
    )


ROUTES: Final = (
    read_route(
        path="/v2/workflows/getTeamsSetup",
        access="edit.connections",
        handle=get_teams_setup,
        summary="Read what an administrator of Microsoft needs for a bot",
        tag=TAG,
        parameters=(_NAME,),
        answer=TeamsSetupAnswer,
        refusals=(404,),
    ),
    read_route(
        path="/v2/workflows/getTeamsPackage",
        access="edit.connections",
        handle=get_teams_package,
        summary="Make the app package that an administrator of Teams uploads",
        description="The archive has a manifest, German texts and two icons. The same request has the same answer.",
        tag=TAG,
        parameters=(
            _NAME,
            Parameter("version", "Version of the app, higher than that in the catalog; 1.0.0 when left out."),
            Parameter("public_url", "https address of the installation for people, where it is not `public_url`."),
            Parameter("tab", "`true`: with the tab of one's own approvals. Default: `false`."),
        ),
        answer=TeamsPackageAnswer,
        refusals=(404, 422),
    ),
    read_route(
        path="/v2/workflows/getTeamsPeople",
        access="edit.connections",
        handle=get_teams_people,
        summary="List the people whom a bot knows, and whether it can reach them",
        description=(
            "By what is stored; Microsoft is not asked. With `status` a page may have fewer items than `limit`."
        ),
        tag=TAG,
        parameters=(
            _NAME,
            Parameter("status", "Only people with this status.", repeats=True),
            LIMIT,
            Parameter("person_id", "Pagination key from `lastKey`."),
        ),
        answer=TeamsPeoplePage,
        refusals=(404,),
    ),
    manage_route(
        path="/v2/workflows/checkTeamsPerson",
        access="edit.connections",
        handle=check_teams_person,
        summary="Ask Microsoft about a person again",
        description=(
            "Reads the profile and the installation by Graph, where the connection has `people: graph`, and asks "
            "whether the chat is there. Nothing is sent and nothing is installed. An address that is not known yet is "
            "looked up by Graph. Cards that could not be delivered are sent again, once the person can be reached."
        ),
        tag=TAG,
        body=CheckTeamsPersonBody,
        answer=TeamsPersonAnswer,
        refusals=(404, 409),
    ),
)
