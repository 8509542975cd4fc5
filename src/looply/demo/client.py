"""The calls that the story makes, each in one method: those of Looply's public HTTP API, and one read in SAP.

Every method raises `Unavailable` when the server does not respond, and `Rejected` when the response is not the expected
one; the message names the call and the response.
"""

from typing import Any
from urllib.parse import urlsplit

import httpx2
import msgspec

from looply.demo.sap import CLIENT, PASSWORD, SERVICE_PATH, USER
from looply.errors import Rejected, Unavailable
from looply.jsontext import Json

_CALL_SECONDS = 30.0


class OpenCard(msgspec.Struct, frozen=True, kw_only=True):
    """A card that waits for an answer."""

    token: str
    url: str
    """The URL at which its recipient answers it in the browser."""


class LooplyClient:
    """A running server, as a caller with an API key of all scopes sees it."""

    def __init__(self, http: httpx2.AsyncClient, base_url: str, api_key: str) -> None:
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._headers = {"x-api-key": api_key}

    @property
    def url(self) -> str:
        """The address of the server."""
        return self._base_url

    async def is_ready(self) -> bool:
        """Returns whether the server accepts calls; False as long as it does not respond."""
        try:
            response = await self._http.get(f"{self._base_url}/healthz/ready", timeout=_CALL_SECONDS)
        except httpx2.TransportError:
            return False
        return response.status_code == 200

    async def import_workflow(self, definition: Json) -> tuple[str, int]:
        """Stores a definition as a new workflow and returns its id and version."""
        item = _object(await self._post("importWorkflow", {"definition": definition}), "item", "importWorkflow")
        return str(item.get("workflow_id")), int(item.get("workflow_version", 1))

    async def activate_workflow(self, workflow_id: str, version: int) -> None:
        """Locks a draft, so that triggers start it."""
        await self._post("activateWorkflow", {"workflow_id": workflow_id, "workflow_version": version})

    async def save_sap_connection(self, name: str, base_url: str) -> None:
        """Creates the connection to the SAP-like system, or updates the one of that name."""
        settings: dict[str, Json] = {"base_url": base_url, "client": CLIENT, "user": USER}
        await self.save_connection(name, "sap", settings, {"password": PASSWORD})

    async def save_connection(self, name: str, kind: str, settings: dict[str, Json], secrets: dict[str, Json]) -> str:
        """Creates a connection, or updates the one of that name, and returns its id."""
        body: Json = {"name": name, "kind": kind, "settings": settings, "secrets": secrets}
        saved = await self._call("POST", "/v2/workflows/createConnection", json=body)
        if saved.status_code == 409:
            saved = await self._call("POST", "/v2/workflows/updateConnection", json=body)
        item = _checked(saved, "createConnection").get("item")
        return str(item.get("connection_id")) if isinstance(item, dict) else ""

    async def invite(self, email: str, role: str) -> str:
        """Invites a person to the organization, and returns the link that makes them a member."""
        answer = await self._post("inviteMembers", {"invitations": [{"email": email, "role": role}]})
        return self._base_url + urlsplit(str(answer["items"][0]["link"])).path

    async def trigger(self, workflow_id: str, body: Json, process_id: str) -> str:
        """Starts an execution of the newest active version and returns its id."""
        path = f"/v2/workflows/triggerworkflow/{workflow_id}"
        response = await self._call("POST", path, json=body, params={"process_id": process_id})
        answer = _checked(response, "triggerWorkflow")
        return str(answer.get("looply_execution_id"))

    async def get_execution(self, workflow_id: str, execution_id: str) -> dict[str, Any]:
        """Returns the current state of the execution."""
        query = {"workflow_id": workflow_id, "workflow_execution_id": execution_id}
        response = await self._call("GET", "/v2/workflows/getWorkflowExecutionById", params=query)
        return _object(_checked(response, "getWorkflowExecutionById"), "item", "getWorkflowExecutionById")

    async def find_open_card(self, recipient: str, execution_id: str) -> OpenCard | None:
        """Returns the card of the execution that waits for the recipient, or None."""
        response = await self._call("GET", "/v2/workflows/getOpenCards", params={"recipient": recipient})
        for item in _checked(response, "getOpenCards").get("items", []):
            if item.get("workflow_execution_id") == execution_id:
                token = str(item.get("token") or str(item.get("inbox_url")).rsplit("/", 1)[-1])
                return OpenCard(token=token, url=f"{self._base_url}/inbox/{token}")
        return None

    async def answer_card(self, token: str, data: Json) -> str:
        """Answers a card as its recipient does and returns the server's message, such as `recorded`."""
        response = await self._call("POST", f"/v2/inbox/{token}", json={"data": data})
        return str(_checked(response, "the inbox").get("message"))

    async def _post(self, name: str, body: Json) -> dict[str, Any]:
        return _checked(await self._call("POST", f"/v2/workflows/{name}", json=body), name)

    async def _call(self, method: str, path: str, **options: Any) -> httpx2.Response:
        url = f"{self._base_url}{path}"
        try:
            return await self._http.request(method, url, headers=self._headers, timeout=_CALL_SECONDS, **options)
        except httpx2.TransportError as error:
            raise Unavailable(f"{self._base_url} does not answer ({type(error).__name__})") from error


class SapReader:
    """The SAP-like system, as a person who looks up an order sees it."""

    def __init__(self, http: httpx2.AsyncClient, base_url: str) -> None:
        self._http = http
        self._base_url = base_url.rstrip("/")

    async def release_status(self, order: str) -> str:
        """Returns the order's `PurchasingProcessingStatus`, such as `05`."""
        url = f"{self._base_url}{SERVICE_PATH}/A_PurchaseOrder('{order}')"
        try:
            response = await self._http.get(
                url, params={"sap-client": CLIENT}, auth=httpx2.BasicAuth(USER, PASSWORD), timeout=_CALL_SECONDS
            )
        except httpx2.TransportError as error:
            raise Unavailable(f"the SAP-like system at {self._base_url} does not answer") from error
        entity = _object(_checked(response, f"the read of order {order} in SAP"), "d", "SAP")
        return str(entity.get("PurchasingProcessingStatus"))


def _checked(response: httpx2.Response, call: str) -> dict[str, Any]:
    """Returns the body of a 200 answer, which must be a JSON object."""
    if response.status_code != 200:
        shown = response.text[:500] or "no body"
        raise Rejected(f"{call} was answered with {response.status_code}: {shown}", sent=True)
    try:
        body = response.json()
    except ValueError as error:
        raise Rejected(f"{call} was answered with something that is not JSON", sent=True) from error
    if not isinstance(body, dict):
        raise Rejected(f"{call} was answered with JSON that is no object", sent=True)
    return body


def _object(body: dict[str, Any], name: str, call: str) -> dict[str, Any]:
    value = body.get(name)
    if not isinstance(value, dict):
        raise Rejected(f"the answer of {call} lacks the object `{name}`", sent=True)
    return value
