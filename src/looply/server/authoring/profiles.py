"""Calls on environment profiles."""

from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.authoring import profiles
from looply.catalog.authored.profiles import Profile
from looply.clock import to_ms
from looply.errors import BadRequest
from looply.jsontext import Json
from looply.server.http.actor_names import name_actors
from looply.server.http.call import Call, Response, manage_route, read_route
from looply.server.http.wire import SUCCESS, WORKFLOW_ID, Message


class ProfileRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An environment profile. Workflows read `values` as `environment`."""

    workflow_id: str
    name: str
    values: dict[str, Json]
    is_default: bool
    created_by: str | None
    modified_by: str | None
    created_by_name: str | UnsetType = UNSET
    modified_by_name: str | UnsetType = UNSET
    created_on: int
    modified_on: int


class ProfileAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The profile."""

    message: str
    item: ProfileRecord


class ProfileList(msgspec.Struct, frozen=True, kw_only=True):
    """All profiles of a workflow, by name."""

    message: str
    count: int
    items: list[ProfileRecord]


class CreateProfileBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new profile."""

    workflow_id: str
    name: str
    values: dict[str, Json]


class UpdateProfileBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes to a profile. A field that is left out does not change."""

    workflow_id: str
    name: str
    values: dict[str, Json] | None = None
    new_name: str | None = None


class NamedProfileBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Identifies a profile."""

    workflow_id: str
    name: str


async def create_profile(call: Call) -> Response:
    """Creates a profile."""
    body: CreateProfileBody = call.body
    return _answer(await profiles.create(call.services, call.principal, body.workflow_id, body.name, body.values))


async def update_profile(call: Call) -> Response:
    """Changes a profile."""
    body: UpdateProfileBody = call.body
    if body.values is None and body.new_name is None:
        raise BadRequest("nothing to change: give values, new_name or both", code="BAD_BODY")
    profile = await profiles.update(
        call.services, call.principal, body.workflow_id, body.name, values=body.values, new_name=body.new_name
    )
    return _answer(profile)


async def delete_profile(call: Call) -> Response:
    """Deletes a profile."""
    body: NamedProfileBody = call.body
    await profiles.delete(call.services, call.principal, body.workflow_id, body.name)
    return Response(Message())


async def set_default_profile(call: Call) -> Response:
    """Makes a profile the default."""
    body: NamedProfileBody = call.body
    return _answer(await profiles.set_default(call.services, call.principal, body.workflow_id, body.name))


async def get_profiles(call: Call) -> Response:
    """Lists the profiles of a workflow."""
    found = await profiles.list_all(call.services, call.principal, call.query.get("workflow_id"))
    items = await name_actors(call, [_record(profile) for profile in found])
    return Response(ProfileList(message=SUCCESS, count=len(items), items=items))


def _answer(profile: Profile) -> Response:
    return Response(ProfileAnswer(message=SUCCESS, item=_record(profile)))


def _record(profile: Profile) -> ProfileRecord:
    return ProfileRecord(
        workflow_id=profile.workflow_id,
        name=profile.name,
        values=profile.values,
        is_default=profile.is_default,
        created_by=profile.created_by,
        modified_by=profile.modified_by,
        created_on=to_ms(profile.created_on),
        modified_on=to_ms(profile.modified_on),
    )


ROUTES: Final = (
    manage_route(
        path="/v2/workflows/createProfile",
        access="edit.profiles",
        handle=create_profile,
        summary="Create an environment profile; the first profile of a workflow becomes its default",
        tag="Profiles",
        body=CreateProfileBody,
        answer=ProfileAnswer,
        refusals=(404, 409, 422),
    ),
    manage_route(
        path="/v2/workflows/updateProfile",
        access="edit.profiles",
        handle=update_profile,
        summary="Change the values or the name of a profile",
        tag="Profiles",
        body=UpdateProfileBody,
        answer=ProfileAnswer,
        refusals=(404, 409, 422),
    ),
    manage_route(
        path="/v2/workflows/deleteProfile",
        access="edit.profiles",
        needs_confirmation=True,
        handle=delete_profile,
        summary="Delete a profile",
        tag="Profiles",
        body=NamedProfileBody,
        answer=Message,
        refusals=(404, 409),
    ),
    manage_route(
        path="/v2/workflows/setDefaultProfile",
        access="edit.profiles",
        handle=set_default_profile,
        summary="Make a profile the default of its workflow",
        tag="Profiles",
        body=NamedProfileBody,
        answer=ProfileAnswer,
        refusals=(404,),
    ),
    read_route(
        path="/v2/workflows/getProfiles",
        access="read.definitions",
        takes_bound_keys=True,
        handle=get_profiles,
        summary="List the profiles of a workflow",
        tag="Profiles",
        parameters=(WORKFLOW_ID,),
        answer=ProfileList,
        refusals=(404,),
    ),
)
