"""Wire values that many routes share: parameters, error bodies, and the parsing of numbers, instants and cursors."""

import re
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias, TypeVar, get_args

import msgspec
from msgspec import UNSET, UnsetType, to_builtins
from msgspec.structs import asdict

from looply.app.context.sign_in import SignInMeans
from looply.catalog.tenants.names import validate_id
from looply.errors import BadRequest, Problem
from looply.instants import from_ms
from looply.jsontext import fingerprint
from looply.permissions import Permission
from looply.server.http.call import IF_NONE_MATCH, Call, Parameter, Response

MAX_PAGE_ITEMS: Final = 30
"""Items on one page of the API, whatever `limit` a caller sends."""

DEFAULT_LIMIT: Final = 20
LATEST: Final = "latest"
SUCCESS: Final = "success"
"""The `message` of a successful answer that needs no other text."""

_Shape = TypeVar("_Shape", bound=msgspec.Struct)

_DIGITS: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
_TOO_MANY_DIGITS: Final = 10**18
# 9999-12-31, the last day of a calendar date.
_LAST_MS: Final = 253_402_300_799_999

LIMIT: Final = Parameter(
    "limit",
    f"Items per page, 1 to {MAX_PAGE_ITEMS}. Larger values count as {MAX_PAGE_ITEMS}. Default: {DEFAULT_LIMIT}.",
    kind="count",
)
UNCHANGED_KEY: Final = "send all fields of lastKey unchanged"
"""What a caller does about a cursor that is refused."""

WORKFLOW_ID: Final = Parameter("workflow_id", "Id of the workflow (UUID).", is_required=True)
WORKFLOW_VERSION: Final = Parameter(
    "workflow_version",
    "Version of the workflow, or `latest` for the newest ACTIVE version.",
    is_required=True,
    kind="version",
)


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Confirms that the call succeeded."""

    message: str = SUCCESS


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One finding: `path` is a JSON Pointer, `message` the problem there, `hint` how to correct it.

    `code` and `hint_code` name the two sentences, so that a page can say them in its own language; `values` are what
    both name. Findings about a definition have them.
    """

    path: str
    message: str
    hint: str = ""
    code: str = ""
    hint_code: str = ""
    values: dict[str, str | int] = {}


class ErrorAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An error. `code` is stable and UPPER_SNAKE; `request_id` identifies the call in the log."""

    message: str
    code: str
    errors: list[Finding]
    request_id: str


class ConflictAnswer(ErrorAnswer, frozen=True, kw_only=True, omit_defaults=True):
    """The state of the object does not allow the call.

    With code `AMBIGUOUS`, `workflow_ids` or `states` lists the values that the parameter could have. With code
    `DRAFT_OPEN`, `workflow_version` and `modified_on` are those of the open draft that the import did not overwrite.
    With `STALE`, `ACTIVATED` and `VERSION_DELETED`, the other fields say what is stored now: who changed it and when,
    its revision, and the number that the next draft would have.
    """

    workflow_ids: list[str] | UnsetType = UNSET
    states: list[str] | UnsetType = UNSET
    workflow_version: int | UnsetType = UNSET
    modified_on: int | UnsetType = UNSET
    card_version: int | UnsetType = UNSET
    modified_by: str | UnsetType | None = UNSET
    modified_by_name: str | UnsetType = UNSET
    revision: int | UnsetType = UNSET
    next_version: int | UnsetType = UNSET


class ProviderRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A provider by which people can sign in."""

    id: str
    label: str


class SignInRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The means of sign-in: passwords of this installation (`local`), and providers."""

    local: bool
    providers: list[ProviderRecord]


class SignedOutAnswer(ErrorAnswer, frozen=True, kw_only=True, omit_defaults=True):
    """No person has signed in, or (code `SIGN_IN_REFUSED`) the sign-in was refused, for a reason that is not named."""

    sign_in: SignInRecord | UnsetType = UNSET


ForbiddenCode: TypeAlias = Literal[
    "SCOPE", "CSRF", "CONFIRM_REQUIRED", "INSECURE_CONNECTION", "FOREIGN_HOST", "TEAMS_TOKEN", "NOT_A_MEMBER"
]


class ForbiddenAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The call has no valid key or session, and then no `code`, or it is not allowed.

    `SCOPE`: the key or the role of the person lacks `permission`, or the key is bound to workflows and may not make the
    call at all, which has no `permission`. `CSRF`: no page of this server made the change.
    `CONFIRM_REQUIRED`: the person must confirm the password first. `INSECURE_CONNECTION`: people cannot sign in on this
    connection. `FOREIGN_HOST`: the `Host` header is not that of `public_url`. `TEAMS_TOKEN`: the
    token of a tab of Teams is not valid; `NOT_A_MEMBER`: its person is no active member of the organization.
    """

    message: str
    code: ForbiddenCode | None = None
    permission: Permission | None = None


FORBIDDEN_CODES: Final[tuple[ForbiddenCode, ...]] = get_args(ForbiddenCode)


def sign_in_record(means: SignInMeans) -> SignInRecord:
    """Returns the means of sign-in on the wire."""
    providers = [ProviderRecord(id=each.provider_id, label=each.label) for each in means.providers]
    return SignInRecord(local=means.has_passwords, providers=providers)


def limit_of(call: Call, most: int = MAX_PAGE_ITEMS, default: int = DEFAULT_LIMIT) -> int:
    """Parses the page size. Raises: BadRequest (code `BAD_LIMIT`) when it is not a positive integer."""
    if "limit" not in call.query:
        return default
    text = call.query.get("limit")
    if _DIGITS.fullmatch(text[:18]) is None or not text.isdigit() or int(text[:18]) < 1 or not text.isascii():
        raise BadRequest(f"limit is {text[:50]!r}, expected a positive integer", code="BAD_LIMIT")
    return min(int(text[:18]), most)


def number_of(value: Any, name: str) -> int:
    """Parses a positive integer of up to 18 digits, given as a number or as text.

    Raises: BadRequest (code `BAD_NUMBER`).
    """
    if isinstance(value, str) and _DIGITS.fullmatch(value) is not None:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value < _TOO_MANY_DIGITS:
        raise BadRequest(f"{name} is {str(value)[:50]!r}, expected a positive integer", code="BAD_NUMBER")
    return value


def version_of(value: Any) -> int | None:
    """Parses a version number; None for `latest`, an empty text or null.

    Raises: BadRequest (code `BAD_NUMBER`).
    """
    if value is None or value in ("", LATEST):
        return None
    return number_of(value, "workflow_version")


def cursor_of(call: Call, *names: str) -> tuple[str, ...] | None:
    """Returns the values of the fields of a `lastKey`, None when the call has none of them.

    Raises: BadRequest (code `BAD_CURSOR`) when the call has some of them, but not all.
    """
    values = tuple(call.query.get(name) for name in names)
    if not any(values):
        return None
    if not all(values):
        raise BadRequest(f"the call has some of {' and '.join(names)}, not all; {UNCHANGED_KEY}", code="BAD_CURSOR")
    return values


def execution_cursor(text: str) -> str:
    """Validates the execution id of a cursor. Raises: BadRequest (code `BAD_CURSOR`)."""
    try:
        return validate_id(text, "execution")
    except BadRequest as error:
        message = f"workflow_execution_id is {text[:50]!r}, expected an execution id; {UNCHANGED_KEY}"
        raise BadRequest(message, code="BAD_CURSOR") from error


def instant_of(value: Any, name: str) -> datetime:
    """Parses an instant in epoch milliseconds. Raises: BadRequest (code `BAD_TIME`)."""
    if isinstance(value, str) and _DIGITS.fullmatch(value) is not None:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LAST_MS:
        raise BadRequest(f"{name} is {str(value)[:50]!r}, expected epoch milliseconds", code="BAD_TIME")
    return from_ms(value)


def flag_of(call: Call, name: str) -> bool:
    """Parses a `true` / `false` parameter, false when it is absent. Raises: BadRequest (code `BAD_FLAG`)."""
    if name not in call.query:
        return False
    text = call.query.get(name)
    if text not in ("true", "false"):
        raise BadRequest(f"{name} is {text[:50]!r}, expected true or false", code="BAD_FLAG")
    return text == "true"


def one_of(values: tuple[str, ...], allowed: tuple[str, ...], name: str) -> tuple[Any, ...]:
    """Returns the values of a filter. Raises: BadRequest (code `BAD_FILTER`) for an unknown value."""
    for value in values:
        if value not in allowed:
            raise BadRequest(f"{name} is {value[:50]!r}, expected one of {', '.join(allowed)}", code="BAD_FILTER")
    return values


def extend_record(shape: type[_Shape], base: msgspec.Struct, **more: Any) -> _Shape:
    """Returns a record of type `shape` with the fields of `base`, whose type it extends, and the additional fields."""
    return shape(**asdict(base), **more)


def finding_of(problem: Problem) -> Finding:
    """Returns a problem on the wire."""
    return Finding(
        path=problem.path,
        message=problem.message,
        hint=problem.hint,
        code=problem.code,
        hint_code=problem.hint_code,
        values=dict(problem.values),
    )


def latest_text(is_latest: bool) -> Literal["true", "false"]:
    """Returns a boolean as the string that records carry."""
    return "true" if is_latest else "false"


def answer_or_304(call: Call, answer: msgspec.Struct) -> Response:
    """Returns an answer with its `ETag`, or 304 where the caller has it already. Source: RFC 9110 section 13.1.2.

    The route declares `If-None-Match`.
    """
    etag = f'"{fingerprint(to_builtins(answer)).hex()}"'
    headers = ((b"etag", etag.encode()), (b"cache-control", b"private, no-cache"))
    header = call.headers.get(IF_NONE_MATCH.lower().encode(), "")
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    if etag in tags or tags == ["*"]:
        return Response(b"", 304, headers, b"")
    return Response(answer, headers=headers)
