"""What another system said about an answer that is no success, as the connector judged it where the call was made."""

from typing import Final

import msgspec

from looply.errors import FailureKind
from looply.jsontext import Json

MAX_DETAILS: Final = 20
"""The most details of one far error that are kept."""

_TEXT: Final = 1000
_DETAIL: Final = 300
_NAME: Final = 200


class FarDetail(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One of several findings of the other system."""

    code: str = ""
    message: str = ""
    target: str = ""


class FarError(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the other system said: its own code, its message, and the place (`target`) in the request that it names.

    `kind` is the connector's reading of it. `locked_by` is the user who holds the lock, where the system says who.
    """

    kind: FailureKind
    code: str = ""
    message: str = ""
    target: str = ""
    details: tuple[FarDetail, ...] = ()
    locked_by: str = ""

    @property
    def text(self) -> str:
        """Code and message as one text; empty when the system said neither."""
        return ": ".join(part for part in (self.code, self.message) if part)

    def document(self) -> dict[str, Json]:
        """Returns the far error as expressions read it, without what the system did not say."""
        details = [msgspec.structs.asdict(detail) for detail in self.details]
        shown = {
            **msgspec.structs.asdict(self),
            "details": [{name: text for name, text in detail.items() if text} for detail in details],
        }
        return {name: value for name, value in shown.items() if value}


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The judgement of a connector on one answer. It is stored with the outcome, so that it is never made twice.

    `far` is what the other system said. `failure` is the code of an error when the answer is a failure whatever its
    status, such as a logon page; empty: the status decides, by `fail_on` and `retry.on` of the step.
    `retry_after_seconds` is the delay that the other system asked for, counted from the receipt of the answer.
    """

    far: FarError
    failure: str = ""
    retry_after_seconds: float = 0


def shorten(far: FarError) -> FarError:
    """Returns a far error whose texts and details are cut to what is kept of them."""
    return FarError(
        kind=far.kind,
        code=_cut(far.code, _NAME),
        message=_cut(far.message, _TEXT),
        target=_cut(far.target, _NAME),
        details=tuple(
            FarDetail(code=_cut(one.code, _NAME), message=_cut(one.message, _DETAIL), target=_cut(one.target, _NAME))
            for one in far.details[:MAX_DETAILS]
        ),
        locked_by=_cut(far.locked_by, _NAME),
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}..."
