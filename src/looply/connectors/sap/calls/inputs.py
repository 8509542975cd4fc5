"""The input and the output of `sap.odata`."""

from typing import Literal, TypeAlias

import msgspec

from looply.connectors.http.bodies import BodyType, HttpOutput
from looply.jsontext import Json

SapMethod: TypeAlias = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "MERGE", "DELETE"]


class Pages(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many further pages of a list are read."""

    max: int = 20
    """The most pages, the first one included."""
    rows: int = 10_000
    """The most rows; the page that reaches them is the last one."""


class BatchPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One request of a batch."""

    id: str
    """Unique in the batch; a later part may use `$<id>` in the place of the entity that this one creates."""
    method: SapMethod = "GET"
    """The HTTP method."""
    entity: str = ""
    """As `entity` of the call."""
    params: dict[str, Json] = {}
    """Query parameters by name."""
    headers: dict[str, Json] = {}
    """Headers by name."""
    body: Json = None
    """Any JSON value."""
    group: str = ""
    """Parts of one group take effect together or not at all; they follow each other, and none of them is a read."""


class Probe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A read that finds out whether a call whose outcome is unknown took effect: it finds what the call makes."""

    entity: str
    """The entity or the list to read."""
    params: dict[str, Json] = {}
    """Query parameters by name, such as a `$filter` for a reference of one's own."""
    absent: Literal["incident", "repeat"] = "incident"
    """What happens when nothing is found: an operator decides, or the call is made again."""


class SapInput(msgspec.Struct, frozen=True, kw_only=True):
    """Input of `sap.odata`. The system is named by `connection`, or by `system_id` and `client`."""

    connection: str | None = None
    """Name of the connection."""
    system_id: str | None = None
    """Together with `client`, instead of `connection`."""
    client: str | int | None = None
    """Three digits; together with `system_id`, instead of `connection`."""
    service_path: str
    """Path of the OData service."""
    entity: str = ""
    """Entity set with its key, such as `A_PurchaseOrder('4500000101')`; a function or an action."""
    next: str = ""
    """The link of the next page as an earlier call returned it, instead of `entity` and `params`."""
    method: SapMethod = "GET"
    """The HTTP method."""
    params: dict[str, Json] = {}
    """Query parameters by name."""
    headers: dict[str, Json] = {}
    """Headers by name."""
    body_type: BodyType = "json"
    """How the body is sent."""
    body: Json = None
    """Any JSON value; a text for `xml` and `raw`, and for `raw` a blob too."""
    pages: Pages | None = None
    """Reads further pages of a list; without it the first page alone is read."""
    batch: list[BatchPart] | None = None
    """Requests that are sent as one `$batch`, instead of `entity`, `params` and `body`."""
    probe: Probe | None = None
    """Finds out what became of a call whose outcome is unknown."""
    output: Literal["typed", "raw"] = "typed"
    """`typed`: numbers and dates by the metadata of the service, in the answer and the body; `raw`: OData's texts."""


class SapMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message of the system beside its answer."""

    severity: str = ""
    """`success`, `info`, `warning` or `error`."""
    code: str = ""
    """Message class and number, such as `ME/080`."""
    message: str = ""
    """The text, in the language of the logon."""
    target: str = ""
    """The property that it is about, if any."""


class SapOutput(HttpOutput, frozen=True, kw_only=True):
    """The output of `sap.odata`. The data of a batch has `parts`, each with `id`, `status`, `headers` and `data`."""

    truncated: bool = False
    """With `pages`: whether there are more rows than were read."""
    next: str | None = None
    """With `pages`: the link of the first page that was not read."""
    messages: list[SapMessage] | None = None
    """What the system noted beside its answer (`sap-message`), such as warnings, where it noted anything."""
