"""The part of the simulator that is Graph: users, the catalog, installations, mail."""

import binascii
import re
from base64 import b64decode

from looply.demo.teams.people import World
from looply.demo.teams.wire import Reply, Request, error

USERS = "User.Read.All"
CATALOG = "AppCatalog.Read.All"
INSTALL = "TeamsAppInstallation.ReadWriteSelfForUser.All"
CHATS = "TeamsAppInstallation.ReadWriteSelfForChat.All"
SEND = "Mail.Send"


class Graph:
    """The rights of the application, its place in the catalog, and the answers of Graph."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.rights = {USERS, CATALOG, INSTALL, CHATS, SEND}
        self.mails: list[bytes] = []
        """The mails that were accepted, as they would leave."""
        self.catalog = {"aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee": "cccccccc-0000-0000-0000-000000000001"}
        """The apps of the catalog: the id of the manifest -> that of the catalog."""

    def answer(self, request: Request, path: list[str]) -> Reply:
        """Returns the answer to a request for a path below the version."""
        match request.method, path:
            case "GET", ["users", name]:
                return self._allow(USERS) or self._user(name)
            case "GET", ["users"]:
                return self._allow(USERS) or self._users(request)
            case "GET", ["appCatalogs", "teamsApps"]:
                return self._allow(CATALOG) or self._apps(request)
            case "POST", ["users", user, "teamwork", "installedApps"]:
                return self._allow(INSTALL) or self._install(request, user)
            case "GET", ["users", user, "teamwork", "installedApps"]:
                return self._allow(INSTALL) or self._installed(request, user)
            case "POST", ["chats", chat, "installedApps"]:
                return self._allow(CHATS) or self._install_in_chat(request, chat)
            case "POST", ["users", user, "sendMail"]:
                return self._send_mail(request, user)
        return error(404, "Request_ResourceNotFound")

    def _allow(self, right: str) -> Reply | None:
        return None if right in self.rights else error(403, "Authorization_RequestDenied")

    def _user(self, name: str) -> Reply:
        found = [each for each in self._world.users.values() if name.lower() in (each.upn, each.id)]
        return Reply(200, found[0].record()) if found else error(404, "Request_ResourceNotFound")

    def _users(self, request: Request) -> Reply:
        if request.headers.get("consistencylevel") != "eventual" or request.query.get("$count") != "true":
            return error(400, "Request_UnsupportedQuery")
        given = re.fullmatch(
            r"mail eq '(.*)' or proxyAddresses/any\(p:p eq 'smtp:(.*)'\)", request.query.get("$filter", "")
        )
        if given is None:
            return error(400, "Request_UnsupportedQuery")
        mail = given[1].replace("''", "'").lower()
        found = [each for each in self._world.users.values() if mail in (each.mail, *each.aliases)]
        return Reply(200, {"value": [each.record() for each in found]})

    def _apps(self, request: Request) -> Reply:
        given = re.fullmatch(r"externalId eq '(.*)'", request.query.get("$filter", ""))
        found = self.catalog.get(given[1]) if given is not None else None
        return Reply(200, {"value": [{"id": found}] if found else []})

    def _install(self, request: Request, user: str) -> Reply:
        found = self._world.users.get(user)
        if found is None or not self._names_app(request):
            return error(404, "NotFound")
        if found.is_installed:
            return error(409, "Conflict")
        found.is_installed = True
        self._world.open_chat(found)
        return Reply(201)

    def _installed(self, request: Request, user: str) -> Reply:
        found = self._world.users.get(user)
        if found is None:
            return error(404, "NotFound")
        given = re.fullmatch(r"teamsApp/externalId eq '(.*)'", request.query.get("$filter", ""))
        if given is None or request.query.get("$expand") != "teamsApp":
            return error(400, "BadRequest")
        has_app = found.is_installed and given[1] in self.catalog
        return Reply(200, {"value": [{"id": f"installation of {found.id}"}] if has_app else []})

    def _send_mail(self, request: Request, user: str) -> Reply:
        if SEND not in self.rights:
            return error(403, "ErrorAccessDenied")
        if user not in {each.mail for each in self._world.users.values()}:
            return error(404, "ErrorInvalidUser")
        if request.headers.get("content-type") != "text/plain":
            return error(400, "ErrorInvalidRequest")
        try:
            content = b64decode(request.body, validate=True)
        except binascii.Error:
            return error(400, "ErrorMimeContentInvalidBase64String")
        self.mails.append(content)
        return Reply(202)

    def _install_in_chat(self, request: Request, chat: str) -> Reply:
        found = self._world.conversations.get(chat)
        if found is None or not self._names_app(request):
            return error(404, "NotFound")
        if found.has_bot:
            return error(409, "Conflict")
        found.has_bot = True
        return Reply(201)

    def _names_app(self, request: Request) -> bool:
        bound = request.document.get("teamsApp@odata.bind", "")
        return any(bound.endswith(f"/appCatalogs/teamsApps/{each}") for each in self.catalog.values())
