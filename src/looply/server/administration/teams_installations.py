"""Calls on installations of the app: that of a bot of Microsoft Teams for many people, and their progress."""

from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.administration import installations
from looply.app.administration.installations import CONNECTION, DEFAULT_RATE, InstallationRequest
from looply.app.messages.bots import Chosen, ReachStatus
from looply.catalog.authored.bulks import PEOPLE, Bulk
from looply.errors import BadRequest
from looply.instants import ms_or_none, to_ms
from looply.server.http.actor_names import name_actors
from looply.server.http.call import Call, Parameter, Response, manage_route, read_route
from looply.server.http.wire import LIMIT, SUCCESS, limit_of

TAG: Final = "Microsoft Teams"
_SAMPLE: Final = 50
"""People of a dry run that its answer names."""


class TeamsInstallBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The connection, and for whom the app is to be installed. `dry_run` only chooses the people.

    `person` has ids or addresses of up to 500 people; or `missing` chooses all people whom the bot knows and who do not
    have the app, as far as is known; with `after`, from an earlier answer, those who follow. People who have it are
    left out.
    """

    name: str
    person: list[str] | UnsetType = UNSET
    missing: bool = False
    after: str = ""
    rate_per_second: int = DEFAULT_RATE
    dry_run: bool = False


class TeamsInstallationIdBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Identifies an installation of the app."""

    installation_id: str


class TeamsInstallation(msgspec.Struct, frozen=True, kw_only=True):
    """An installation of the app. `installed` of `people` have it now, perhaps since before; `refused` did not get it.

    `rate_per_second` is the number of people in a second.
    """

    installation_id: str
    name: str
    status: Literal["RUNNING", "DONE", "CANCELLED"]
    people: int
    installed: int
    refused: int
    rate_per_second: int
    created_by: str | None
    created_by_name: str | UnsetType = UNSET
    created_on: int
    modified_on: int
    ended_on: int | None


class TeamsRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """A person for whom the app was not installed, as they were named, and why: Microsoft's code and a sentence."""

    person: str
    name: str | None
    code: str
    message: str


class TeamsChosenPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A person for whom the app would be installed; `status` as in `getTeamsPeople`."""

    person_id: str
    name: str
    status: ReachStatus


class TeamsInstallationForecast(msgspec.Struct, frozen=True, kw_only=True):
    """For how many people the app would be installed: the first of them, and addresses that are looked up later.

    `skipped` people have it already. `truncated`: more people may match than were read, or than one installation takes.
    """

    people: int
    skipped: int
    truncated: bool
    items: list[TeamsChosenPerson]
    unknown: list[str]


class TeamsInstallationAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The installation of the app, with its refusals where one is read; or the forecast of a dry run.

    `after` is present when more people may lack the app: send it back to choose among those who follow.
    """

    message: Literal["success", "forecast"]
    item: TeamsInstallation | UnsetType = UNSET
    refusals: list[TeamsRefusal] | UnsetType = UNSET
    forecast: TeamsInstallationForecast | UnsetType = UNSET
    after: str | UnsetType = UNSET


class TeamsInstallationCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Cursor of the next page: send the field back as a query parameter."""

    installation_id: str


class TeamsInstallationPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page, newest first. `lastKey` is present when another page follows."""

    message: str
    count: int
    items: list[TeamsInstallation]
    last_key: TeamsInstallationCursor | UnsetType = msgspec.field(name="lastKey", default=UNSET)


async def install_teams_app(call: Call) -> Response:
    """Installs the app for many people."""
    body: TeamsInstallBody = call.body
    if body.missing == (body.person is not UNSET):
        raise BadRequest.at("/person", "must name people, or be left out with `missing: true`")
    people = None if body.person is UNSET else body.person
    request = InstallationRequest(connection=body.name, people=people, after=body.after, rate=body.rate_per_second)
    if body.dry_run:
        chosen = await installations.preview(call.services, call.principal, request)
        forecast = _forecast(chosen)
        return Response(TeamsInstallationAnswer(message="forecast", forecast=forecast, after=chosen.after or UNSET))
    found, after = await installations.start(call.services, call.principal, request)
    (item,) = await name_actors(call, [_record(found)])
    return Response(TeamsInstallationAnswer(message=SUCCESS, item=item, after=after or UNSET))


async def get_teams_installation(call: Call) -> Response:
    """Reads an installation of the app with its refusals."""
    found = await installations.get(call.services, call.principal, call.query.get("installation_id"))
    (item,) = await name_actors(call, [_record(found)])
    refusals = [
        TeamsRefusal(person=each.person, name=each.name or None, code=each.code, message=each.message)
        for each in found.refusals
    ]
    return Response(TeamsInstallationAnswer(message=SUCCESS, item=item, refusals=refusals))


async def get_teams_installations(call: Call) -> Response:
    """Lists installations of the app."""
    before = call.query.get("installation_id") or None
    page = await installations.list_page(call.services, call.principal, limit_of(call), before)
    items = await name_actors(call, [_record(bulk) for bulk in page.items])
    last_key = TeamsInstallationCursor(installation_id=items[-1].installation_id) if page.has_more else UNSET
    return Response(TeamsInstallationPage(message=SUCCESS, count=len(items), items=items, last_key=last_key))


async def cancel_teams_installation(call: Call) -> Response:
    """Cancels an installation of the app."""
    found = await installations.cancel(call.services, call.principal, call.body.installation_id)
    (item,) = await name_actors(call, [_record(found)])
    return Response(TeamsInstallationAnswer(message=SUCCESS, item=item))


def _record(bulk: Bulk) -> TeamsInstallation:
    return TeamsInstallation(
        installation_id=bulk.bulk_id,
        name=bulk.criteria[CONNECTION],
        status=bulk.status,
        people=len(bulk.criteria[PEOPLE]),
        installed=bulk.done,
        refused=bulk.refused,
        rate_per_second=bulk.options["rate"],
        created_by=bulk.created_by,
        created_on=to_ms(bulk.created_on),
        modified_on=to_ms(bulk.modified_on),
        ended_on=ms_or_none(bulk.ended_on),
    )


def _forecast(chosen: Chosen) -> TeamsInstallationForecast:
    return TeamsInstallationForecast(
        people=len(chosen.people) + len(chosen.unknown),
        skipped=chosen.skipped,
        truncated=not chosen.is_complete,
        items=[
            TeamsChosenPerson(person_id=each.person_id, name=installations.name_of(each), status=each.status)
            for each in chosen.people[:_SAMPLE]
        ],
        unknown=list(chosen.unknown[:_SAMPLE]),
    )


ROUTES: Final = (
    manage_route(
        path="/v2/workflows/installTeamsApp",
        access="edit.connections",
        handle=install_teams_app,
        summary="Install the app for many people by Graph",
        description=(
            "Runs in the background, at most `rate_per_second` people in a second, and keeps the pauses that Microsoft "
            "asks for. The connection needs `people: graph`, the app must be in the catalog of the organization. "
            "Nothing is sent to the people. With `dry_run: true` nothing is stored and Microsoft is not asked."
        ),
        tag=TAG,
        body=TeamsInstallBody,
        answer=TeamsInstallationAnswer,
        refusals=(404, 409, 422),
    ),
    read_route(
        path="/v2/workflows/getTeamsInstallation",
        access="edit.connections",
        handle=get_teams_installation,
        summary="Read an installation of the app, its progress and for whom it was refused",
        tag=TAG,
        parameters=(Parameter("installation_id", "Id of the installation of the app.", is_required=True),),
        answer=TeamsInstallationAnswer,
        refusals=(404,),
    ),
    read_route(
        path="/v2/workflows/getTeamsInstallations",
        access="edit.connections",
        handle=get_teams_installations,
        summary="List installations of the app for many people, newest first",
        tag=TAG,
        parameters=(LIMIT, Parameter("installation_id", "Pagination key from `lastKey`.")),
        answer=TeamsInstallationPage,
    ),
    manage_route(
        path="/v2/workflows/cancelTeamsInstallation",
        access="edit.connections",
        handle=cancel_teams_installation,
        summary="Cancel an installation of the app, which stays where it was installed",
        tag=TAG,
        body=TeamsInstallationIdBody,
        answer=TeamsInstallationAnswer,
        refusals=(404,),
    ),
)
