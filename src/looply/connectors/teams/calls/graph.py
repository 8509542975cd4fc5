"""The client of Microsoft Graph: a person by mail address, the app in the catalog, its installation.

Rights of the application (not delegated ones): `User.Read.All`, `AppCatalog.Read.All` and
`TeamsAppInstallation.ReadWriteSelfForUser.All`; for chats `TeamsAppInstallation.ReadWriteSelfForChat.All`.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import msgspec

from looply.connectors.outbound.urls import parse_url, with_params
from looply.connectors.port import HttpRequest, HttpResponse
from looply.connectors.teams.calls.answers import Failure, Meaning, Undelivered, error_code, read_failure
from looply.connectors.teams.calls.people import Person
from looply.connectors.teams.calls.sending import Caller, read_answer, send_authorized
from looply.connectors.teams.calls.settings import Account
from looply.errors import BadInput
from looply.jsontext import Json, encode_json

RIGHTS: Final = ("User.Read.All", "AppCatalog.Read.All", "TeamsAppInstallation.ReadWriteSelfForUser.All")
"""What the application needs for `people: graph`; each is given by an administrator of the tenant."""
_FIELDS: Final = "id,mail,userPrincipalName,displayName,preferredLanguage"


class _User(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: str
    mail: str | None = None
    user_principal_name: str | None = None
    display_name: str | None = None
    preferred_language: str | None = None


class _Users(msgspec.Struct, frozen=True):
    value: list[_User]


class _App(msgspec.Struct, frozen=True):
    id: str


class _Apps(msgspec.Struct, frozen=True):
    value: list[_App]


class GraphClient:
    """Calls Graph for one account. Every method raises Undelivered."""

    def __init__(self, caller: Caller, account: Account) -> None:
        self._caller = caller
        self._account = account

    async def find_user(self, mail: str) -> Person | None:
        """Returns the person of a mail address, a user principal name or an alias; None without one.

        An address that several people have names none of them.
        """
        response = await self._call("GET", f"users/{quote(mail, safe='')}", query={"$select": _FIELDS})
        if response.status != 404:
            return _person(read_answer(response, _User))
        literal = mail.replace("'", "''")
        query = {
            "$filter": f"mail eq '{literal}' or proxyAddresses/any(p:p eq 'smtp:{literal}')",
            "$count": "true",
            "$select": _FIELDS,
            "$top": "2",
        }
        # A filter on proxy addresses is an advanced query.
        response = await self._call("GET", "users", query=query, headers={"consistencylevel": "eventual"})
        found = read_answer(response, _Users).value if response.status != 404 else []
        return _person(found[0]) if len(found) == 1 else None

    async def find_catalog_app(self, manifest_id: str) -> str:
        """Returns the id of the app in the organization's catalog by that of its manifest; empty without it."""
        query = {"$filter": f"externalId eq '{manifest_id}'", "$select": "id"}
        response = await self._call("GET", "appCatalogs/teamsApps", query=query)
        found = read_answer(response, _Apps).value if response.status != 404 else []
        return found[0].id if found else ""

    async def has_app(self, user_id: str) -> bool:
        """Returns whether the app is installed for a person."""
        query = {"$expand": "teamsApp", "$filter": f"teamsApp/externalId eq '{self._account.app_id}'"}
        response = await self._call("GET", f"users/{quote(user_id, safe='')}/teamwork/installedApps", query=query)
        return response.status != 404 and bool(read_answer(response, _Apps).value)

    async def install_for(self, user_id: str, catalog_app_id: str) -> None:
        """Installs the app for a person; it may be installed already."""
        await self._install(f"users/{quote(user_id, safe='')}/teamwork/installedApps", catalog_app_id)

    async def install_in_chat(self, chat_id: str, catalog_app_id: str) -> None:
        """Installs the app in a group chat, where it may be installed already."""
        await self._install(f"chats/{quote(chat_id, safe='')}/installedApps", catalog_app_id)

    async def _install(self, path: str, catalog_app_id: str) -> None:
        app = f"{self._account.places.graph}/v1.0/appCatalogs/teamsApps/{quote(catalog_app_id, safe='')}"
        response = await self._call("POST", path, body={"teamsApp@odata.bind": app}, known=(404, 409))
        if response.status == 404:
            raise Undelivered(Failure(meaning="not_installed", code=error_code(response) or "AppNotFound", status=404))

    async def _call(
        self,
        method: str,
        path: str,
        *,
        body: Json = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        known: tuple[int, ...] = (404,),
    ) -> HttpResponse:
        try:
            url = with_params(parse_url(f"{self._account.places.graph.rstrip('/')}/v1.0/{path}"), query or {})
        except BadInput as error:
            raise Undelivered(Failure(meaning="broken", code=error.code)) from error
        content = b"" if body is None else encode_json(body)
        sent = {"accept": "application/json", **({"content-type": "application/json"} if content else {})}
        request = HttpRequest(
            method=method, url=url, headers={**sent, **(headers or {})}, content=content, route=self._account.route
        )
        response = await send_authorized(self._caller, self._account.graph_grant, request)
        failure = read_failure(response, self._caller.clock.now())
        if failure is None or response.status in known:
            return response
        # A right that is missing is no refusal of the person's.
        meaning: Meaning = "not_installed" if response.status == 403 else failure.meaning
        raise Undelivered(msgspec.structs.replace(failure, meaning=meaning))


def _person(user: _User) -> Person:
    return Person(
        id=user.id.lower(),
        mail=(user.mail or "").casefold(),
        upn=(user.user_principal_name or "").casefold(),
        name=user.display_name or "",
        locale=user.preferred_language or "",
    )
