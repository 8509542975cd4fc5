"""The errors that Looply raises on purpose. Those that only one part raises are declared in it, below one of these.

The class says what the caller can do, the fields hold the data, and the message says what went wrong, with which
object, what was expected and what to do now. `code` is stable and UPPER_SNAKE; only `looply.server.http.problems`
maps errors to HTTP statuses.

    LooplyError
    ├─ BadRequest            the call is malformed: nothing was done, repeating it does not help
    ├─ BodyTooLarge          the body is over the limit
    ├─ UnsupportedMediaType  the body is not declared as JSON
    ├─ Refused               well formed, but its content is not acceptable
    │  └─ DefinitionError    a workflow definition with problems
    ├─ Forbidden             no key, a wrong key, or a key without the scope: OutOfScope
    ├─ SignInRequired        nothing was done because no person has signed in: SignInRefused
    ├─ NotFound              the object does not exist, or belongs to another organization
    ├─ Conflict              the object is in a state that does not allow the call
    ├─ Overloaded            try again after `retry_after`: TooManyRefusals, TooManyTries, TooManyStreams,
    │                        QuotaReached, QuotaExhausted
    ├─ OperationError        what connectors raise
    │  ├─ Transient          Timeout, Unavailable, RateLimited
    │  └─ Permanent          BadInput, AuthFailed, Rejected, Unsettled
    ├─ EngineError           Stale, ClaimTaken, KeyTaken, FireTaken, SlotTaken, DatastoreMoved, DatastoresFull,
    │                        IllegalTransition, StoreFull, StoreLost, StoreUnreachable, StoreCorrupt, RecordDamaged,
    │                        SchemaMismatch, DataFolderInUse, ShuttingDown
    ├─ KeyUnfit              the master keys of this process do not decrypt what the catalog holds
    └─ SettingsError         a setting is wrong; all problems are reported together
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from difflib import get_close_matches
from heapq import nlargest
from typing import Final, Literal, Self, TypeAlias

import msgspec

from looply.permissions import Permission

FailureKind: TypeAlias = Literal["transient", "locked", "throttled", "auth", "conflict", "rejected", "down"]
"""Why a call failed, whatever the protocol.

`transient`: it failed this once. `locked`: another user or process holds the object. `throttled`: too many calls.
`auth`: the credentials or rights do not suffice. `conflict`: the object has changed since it was read. `rejected`: the
call itself is refused. `down`: the system, or the way to it, does not serve calls.
"""
FAILURE_KINDS: Final[tuple[FailureKind, ...]] = (
    "transient",
    "locked",
    "throttled",
    "auth",
    "conflict",
    "rejected",
    "down",
)

_LONGEST = 100  # comparing texts costs the square of their length, and longer names are hardly ever mistyped


class Sentence(msgspec.Struct, frozen=True):
    """A text for people, and what another language needs to say the same: its code and the values that it names."""

    code: str
    """Stable and UPPER_SNAKE. `ui/tests/recorded/sentences.json` lists them with the names of their values."""
    text: str
    values: tuple[tuple[str, str | int], ...] = ()


def say(code: str, template: str, /, **values: str | int) -> Sentence:
    """Returns the sentence of a template, such as `there is no step {step!r}`, and of the values that it names."""
    return Sentence(code, template.format_map(values), tuple(values.items()))


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One finding about a document: where it is, what is wrong, and how to fix it."""

    path: str
    """JSON Pointer (RFC 6901) of the value; empty for the whole document."""
    message: str
    hint: str = ""
    code: str = ""
    """The code of the sentence `message`, empty for a text without one; `hint_code` is that of `hint`."""
    hint_code: str = ""
    values: tuple[tuple[str, str | int], ...] = ()
    """The values that both sentences name."""

    @classmethod
    def of(cls, path: str, message: Sentence, hint: Sentence | None = None) -> Self:
        """Returns the finding with its sentences. A value that both name is the same in both."""
        if hint is None:
            return cls(path=path, message=message.text, code=message.code, values=message.values)
        values = tuple({**dict(message.values), **dict(hint.values)}.items())
        return cls(
            path=path, message=message.text, hint=hint.text, code=message.code, hint_code=hint.code, values=values
        )


class LooplyError(Exception):
    """Root of the tree. `code` is the stable name under which docs and callers know the error."""

    code: str = "ERROR"

    def __init__(self, message: str, *, code: str | None = None, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.problems = problems
        if code is not None:
            self.code = code

    @classmethod
    def at(cls, path: str, finding: str, *, code: str = "BAD_BODY") -> Self:
        """Returns the error of one wrong value of a body, by its JSON Pointer: `payload.source must be ...`."""
        name = path.removeprefix("/").replace("/", ".") or "the body"
        return cls(f"{name} {finding}", code=code, problems=(Problem(path=path, message=finding),))

    def __str__(self) -> str:
        return self.message


class BadRequest(LooplyError):
    """The call is malformed; nothing was done."""

    code = "BAD_REQUEST"


class BodyTooLarge(LooplyError):
    """The body is over the limit; nothing of it was kept."""

    code = "BODY_TOO_LARGE"


class UnsupportedMediaType(LooplyError):
    """The body is not declared as JSON."""

    code = "UNSUPPORTED_MEDIA_TYPE"


class Refused(LooplyError):
    """The call is well formed, but its content is not acceptable; nothing was done."""

    code = "REFUSED"


class DefinitionError(Refused):
    """A definition has problems; `problems` holds every one that was found."""

    code = "INVALID_DEFINITION"


def payload_error(problems: tuple[Problem, ...]) -> Refused:
    """Returns the error of a caller's body that breaks the schema of its trigger."""
    first = problems[0]
    message = f"the body does not fit the schema of the trigger: {first.path or 'the body'}: {first.message}"
    return Refused(message, code="PAYLOAD_REFUSED", problems=problems)


class Forbidden(LooplyError):
    """No key, a wrong one, or one without the scope. The message does not distinguish the first two cases."""

    code = "FORBIDDEN"


class OutOfScope(Forbidden):
    """The caller is known and lacks `permission`, or is a key bound to workflows, for which it is None."""

    code = "SCOPE"

    def __init__(self, permission: Permission | None = None) -> None:
        super().__init__("Forbidden")
        self.permission = permission


class SignInRequired(LooplyError):
    """The call is for people who have signed in, and none has, or the session has ended."""

    code = "SIGN_IN_REQUIRED"


class SignInRefused(SignInRequired):
    """The sign-in was refused. The message is the same for every reason."""

    code = "SIGN_IN_REFUSED"


class NotFound(LooplyError):
    """The object does not exist, or belongs to another organization, which must look the same."""

    code = "NOT_FOUND"


def execution_not_found(name: str) -> NotFound:
    """Returns the error for an execution that does not exist or belongs to another organization.

    `name` is its id or process id as the caller gave it. The public API fixes the message, so the problem says which
    one it is.
    """
    finding = f"no execution has the id or process id {name[:50]!r}; list the executions for theirs"
    problem = Problem(path="/execution_id", message=finding)
    return NotFound("execution not found", code="EXECUTION_NOT_FOUND", problems=(problem,))


class Conflict(LooplyError):
    """The object is in a state that does not allow the call; nothing was done."""

    code = "CONFLICT"


class Overloaded(LooplyError):
    """A queue is full; nothing was done. Repeat after `retry_after`."""

    code = "OVERLOADED"

    def __init__(self, message: str, *, retry_after: timedelta = timedelta(seconds=1)) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TooManyRefusals(Overloaded):
    """Keys or tokens of too many calls from one address were refused within a minute."""

    code = "RATE_LIMITED"


class TooManyTries(Overloaded):
    """Too many sign-ins to one account, or from one address, have failed; the password was not checked."""

    code = "TOO_MANY_TRIES"


class TooManyStreams(Overloaded):
    """The server has reached its limit of open event streams."""

    code = "TOO_MANY_STREAMS"


class QuotaReached(Overloaded):
    """The organization has used up its quota for this period; nothing was done. Others are not affected."""

    code = "QUOTA"


class QuotaExhausted(QuotaReached):
    """The organization has reached an absolute quota; nothing was done. Waiting does not help."""


class OperationError(LooplyError):
    """A connector's call failed.

    `sent` says whether the request may have reached the other system: a call that was never sent can be repeated
    safely, one that was sent and not answered has an unknown outcome. `status` is the status that the other system
    returned, if any.
    """

    code = "OPERATION_FAILED"
    is_transient = False
    kind: FailureKind | None = None
    """Why it failed; None when the cause is not in the other system, such as a wrong input."""
    is_of_connection = False
    """Whether the cause is how this side reaches the system, such as its certificates, its proxy or its token server.
    Another connection may reach the same system, so such a failure says nothing of the system itself."""
    input_fields: tuple[str, ...] = ("url",)
    """The input fields whose values the message may quote; empty: any of them. See `tag_input_fields`."""

    def __init__(self, message: str, *, code: str | None = None, sent: bool = False, status: str | None = None) -> None:
        super().__init__(message, code=code)
        self.sent = sent
        self.status = status


class Transient(OperationError):
    """Repeating the call later may succeed."""

    is_transient = True
    kind: FailureKind | None = "transient"


class Timeout(Transient):
    """The other system did not answer in time."""

    code = "TIMEOUT"


class Unavailable(Transient):
    """The other system could not be reached, or the connection broke."""

    code = "CONNECTION"
    kind: FailureKind | None = "down"


class RateLimited(Transient):
    """The other system limits the rate of calls; `retry_after` is the delay that it asked for, if any."""

    code = "RATE_LIMITED"
    kind: FailureKind | None = "throttled"

    def __init__(self, message: str, *, retry_after: timedelta | None = None, status: str | None = None) -> None:
        super().__init__(message, sent=True, status=status)
        self.retry_after = retry_after


class Permanent(OperationError):
    """Repeating the same call cannot succeed."""


class BadInput(Permanent):
    """The call's own input is wrong; nothing was sent."""

    code = "BAD_INPUT"
    input_fields: tuple[str, ...] = ()


@contextmanager
def tag_input_fields(*fields: str) -> Iterator[None]:
    """Sets `input_fields` on each `BadInput` that is raised within, unless it is set already."""
    try:
        yield
    except BadInput as error:
        error.input_fields = error.input_fields or fields
        raise


class AuthFailed(Permanent):
    """The other system refused the credentials."""

    code = "AUTH_FAILED"
    kind: FailureKind | None = "auth"


class Rejected(Permanent):
    """The other system understood the call and refused it, or the egress rules forbid the destination."""

    code = "REJECTED"


class Unsettled(Permanent):
    """An earlier attempt may have taken effect, and the connector could not find out; nothing was sent again."""

    code = "UNSETTLED"


class EngineError(LooplyError):
    """The engine could not carry out the call."""

    code = "ENGINE"


class Stale(EngineError):
    """A unit was computed on a state that is no longer the stored one; nothing was stored."""

    code = "STALE"


class ClaimTaken(EngineError):
    """An open execution of the workflow has the process id; nothing was stored.

    `execution_id` is its id, `fingerprint` that of the trigger which started it.
    """

    code = "CLAIM_TAKEN"

    def __init__(self, message: str, *, execution_id: str, fingerprint: bytes) -> None:
        super().__init__(message)
        self.execution_id = execution_id
        self.fingerprint = fingerprint


class KeyTaken(EngineError):
    """The idempotency key is in use already; nothing was stored.

    `execution_id` is the execution of its first call, `fingerprint` that of its request.
    """

    code = "KEY_TAKEN"

    def __init__(self, message: str, *, execution_id: str, fingerprint: bytes) -> None:
        super().__init__(message)
        self.execution_id = execution_id
        self.fingerprint = fingerprint


class FireTaken(EngineError):
    """The schedule has fired for this nominal instant already; nothing was stored."""

    code = "FIRE_TAKEN"


class SlotTaken(EngineError):
    """The execution cannot take a concurrency slot of its workflow now: others are queued first; nothing was stored."""

    code = "SLOT_TAKEN"


class DatastoreMoved(EngineError):
    """A datastore is no longer at the revision that the change was computed on; nothing was stored."""

    code = "DATASTORE_MOVED"


class DatastoresFull(EngineError):
    """The organization has reached its limit of datastores; nothing was stored."""

    code = "DATASTORES_FULL"


class IllegalTransition(EngineError):
    """An event is not allowed in the current state; the state is unchanged."""

    code = "ILLEGAL_TRANSITION"


class StoreFull(EngineError):
    """The disk is full; no unit of the group commit was stored."""

    code = "STORE_FULL"


class StoreLost(EngineError):
    """The store failed while committing; whether the unit was stored is unknown until the next start."""

    code = "OUTCOME_UNKNOWN"


class StoreUnreachable(EngineError):
    """The database of the store cannot be reached, or its file is locked; nothing was stored, repeat the call."""

    code = "STORE_UNREACHABLE"


class StoreCorrupt(EngineError):
    """Stored bytes are inconsistent; they are never served."""

    code = "STORE_CORRUPT"


class RecordDamaged(EngineError):
    """One object of the catalog cannot be read; all others can. Storing it again or deleting it repairs this."""

    code = "RECORD_DAMAGED"


class SchemaMismatch(EngineError):
    """The store was written by a newer release."""

    code = "SCHEMA_MISMATCH"


class DataFolderInUse(EngineError):
    """Another process owns the data folder."""

    code = "DATA_FOLDER_IN_USE"


class ShuttingDown(EngineError):
    """The process is stopping and takes no new work; nothing was done."""

    code = "SHUTTING_DOWN"


class KeyUnfit(LooplyError):
    """The master keys of this process do not decrypt what the catalog holds.

    Codes: `KEY_MISSING` when the process has no key, `KEY_WRONG` when it has other keys. Nothing was changed.
    """

    code = "KEY_WRONG"


class SettingsError(LooplyError):
    """Settings are wrong; `problems` lists every one."""

    code = "SETTINGS"


def _count_alike(one: str, other: str) -> int:
    """Returns the number of characters with which both texts begin."""
    return next((at for at, (left, right) in enumerate(zip(one, other, strict=False)) if left != right), len(one))


_COMPARED: Final = 100
"""The most names that a misspelled one is compared with."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Returns `did you mean 'x'?` with the known name that is closest to `name`, or an empty text."""
    found = suggest_name(name, known)
    return found.text if found is not None else ""


def suggest_name(name: str, known: Iterable[str]) -> Sentence | None:
    """Returns the question `did you mean 'x'?` with the known name that is closest to `name`; None without one."""
    if len(name) > _LONGEST:
        return None
    by_folded = {item.casefold(): item for item in known}
    folded = name.casefold()
    compared: Iterable[str] = by_folded
    if len(by_folded) > _COMPARED:
        # A comparison costs far more than a common beginning, which nearly all misspelled names have.
        compared = nlargest(_COMPARED, by_folded, key=lambda other: _count_alike(folded, other))
    close = get_close_matches(folded, compared, n=1, cutoff=0.6)
    return say("DID_YOU_MEAN", "did you mean '{suggestion}'?", suggestion=by_folded[close[0]]) if close else None
