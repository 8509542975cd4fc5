"""The cards of each state: who decided, why an answer does not count, what became of it. Functions without I/O.

Values of people and systems are text runs, which Teams shows as they are: in other texts it reads Markdown, so that a
name could become a link.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias

import msgspec

from looply.connectors.teams.cards.outgoing import VERSION, Tag, for_reading, for_teams
from looply.connectors.teams.cards.texts import TEXTS, Language, Texts
from looply.jsontext import Json

Style: TypeAlias = Literal["good", "attention", "warning", "emphasis"]
Ending: TypeAlias = Literal["timed_out", "terminated", "deleted", "cancelled", "ended", "closed", "passed_on"]
Decline: TypeAlias = Literal["frozen", "self_approval", "decided_already"]

DECLINES: Final[dict[str, Decline]] = {
    "FAILED": "frozen",
    "SELF_APPROVAL": "self_approval",
    "DECIDED_ALREADY": "decided_already",
}
"""The code of a `Declined` -> how it is shown. `CARD_CHANGED` is `Changed`, `CLOSED` an ending."""
ENDINGS: Final[dict[str, Ending]] = {
    "TIMED_OUT": "timed_out",
    "TERMINATED": "terminated",
    "DELETED": "deleted",
    "CANCELLED": "cancelled",
    "ENDED": "ended",
    "REASSIGNED": "passed_on",
}
"""How a card was closed -> the state that it is shown as; every other way is `closed`."""
_LONGEST: Final = 300


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """The reader's own answer counts. `decision` is empty where it is not known or secret."""

    decision: str = ""
    on: datetime | None = None


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """`who` has answered. `is_reader`: it was the reader; `was_late`: the reader has just clicked in vain."""

    who: str
    decision: str = ""
    on: datetime | None = None
    is_reader: bool = False
    was_late: bool = False


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """The card takes no more answers; `who` is the one to whom it was passed on."""

    how: Ending = "closed"
    who: str = ""
    was_late: bool = False


class Declined(msgspec.Struct, frozen=True, kw_only=True):
    """The reader's answer does not count, and the card stays as it is."""

    why: Decline


class NotYours(msgspec.Struct, frozen=True, kw_only=True):
    """The reader is not the one who is asked."""

    who: str


class Changed(msgspec.Struct, frozen=True):
    """The reader answered an older card than the present one."""


class Unfit(msgspec.Struct, frozen=True, kw_only=True):
    """The reader's answer is not valid."""

    why: str


class Unknown(msgspec.Struct, frozen=True):
    """It is not known whether the reader's answer was stored."""


class Followed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an answer in another system."""

    what: str
    is_refused: bool = False


class Reminded(msgspec.Struct, frozen=True):
    """The reader is reminded of an open card."""


State: TypeAlias = Recorded | Answered | Ended | Declined | NotYours | Changed | Unfit | Unknown | Followed | Reminded


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What a state says: one sentence, perhaps a second one, and the instant of it."""

    text: str
    style: Style
    hint: str = ""
    on: datetime | None = None


def state_card(card: Json, states: Sequence[State], language: Language) -> dict[str, Json]:
    """Returns a card for reading, below what its states say, the newest last. It takes no answer."""
    texts = TEXTS[language]
    shown = for_reading(card)
    return _below([_banner(line_of(each, texts)) for each in states], shown)


def open_card(
    card: Json, tag: Tag, language: Language, state: State | None = None, refreshed: tuple[str, ...] = ()
) -> dict[str, Json]:
    """Returns a card that takes an answer, below what its state says, if anything."""
    shown = for_teams(card, tag, refreshed)
    return shown if state is None else _below([_banner(line_of(state, TEXTS[language]))], shown)


def link_card(summary: str, url: str, language: Language) -> dict[str, Json]:
    """Returns the card that is sent in the place of one that is too large: it leads to the page that shows it."""
    texts = TEXTS[language]
    return {
        "type": "AdaptiveCard",
        "version": VERSION,
        "body": [_run(summary[:_LONGEST], {"weight": "Bolder"}), _run(texts.too_large, {})],
        "actions": [{"type": "Action.OpenUrl", "title": texts.open_link, "url": url}],
    }


def notice_card(kind: Literal["welcome", "try_again"], language: Language) -> dict[str, Json]:
    """Returns a card about no request: the first one in a conversation, or that of a server that is busy."""
    texts = TEXTS[language]
    hint = texts.welcome_hint if kind == "welcome" else ""
    line = Line(text=texts.welcome if kind == "welcome" else texts.try_again, style="emphasis", hint=hint)
    return {"type": "AdaptiveCard", "version": VERSION, "body": [_banner(line)]}


def line_of(state: State, texts: Texts) -> Line:
    """Returns what a state says."""
    match state:
        case Recorded(decision=what, on=on):
            text = _filled(texts.recorded_what, what=_decision(what, texts)) if what else texts.recorded
            return Line(text=text, style="good", hint=texts.recorded_hint, on=on)
        case Answered():
            return _answer_line(state, texts)
        case Ended(how=how, who=who, was_late=was_late):
            text = _filled(texts.passed_on, who=who) if how == "passed_on" else str(getattr(texts, how))
            return Line(text=text, style="warning", hint=texts.loser_hint if was_late else "")
        case Declined(why=why):
            return Line(text=str(getattr(texts, why)), style="attention")
        case NotYours(who=who):
            return Line(text=_filled(texts.not_yours, who=who), style="attention", hint=texts.not_yours_hint)
        case Changed():
            return Line(text=texts.changed, style="warning", hint=texts.changed_hint)
        case Unfit(why=why):
            return Line(text=_filled(texts.unfit, why=why), style="attention")
        case Unknown():
            return Line(text=texts.unknown, style="warning", hint=texts.unknown_hint)
        case Followed(what=what, is_refused=is_refused):
            text = _filled(texts.refused if is_refused else texts.done, what=what)
            return Line(text=text, style="attention" if is_refused else "good")
        case Reminded():
            return Line(text=texts.reminder, style="warning")


def _answer_line(state: Answered, texts: Texts) -> Line:
    style: Style = "warning" if state.was_late and not state.is_reader else "good"
    hint = texts.loser_hint if state.was_late and not state.is_reader else ""
    if state.is_reader:
        pattern = texts.answered_by_you if state.decision else texts.recorded
    else:
        pattern = texts.answered_what if state.decision else texts.answered
    return Line(
        text=_filled(pattern, who=state.who, what=_decision(state.decision, texts)), style=style, hint=hint, on=state.on
    )


def _decision(decision: str, texts: Texts) -> str:
    """Returns a decision in the reader's language; the action of a button stays as its author named it."""
    return {"approved": texts.approved, "rejected": texts.rejected}.get(decision, decision)


def _filled(pattern: str, **values: str) -> str:
    """Returns a text with its places filled, once: braces within the values are text."""
    parts = []
    rest = pattern
    while rest:
        before, brace, after = rest.partition("{")
        parts.append(before)
        name, _, rest = after.partition("}")
        if brace:
            parts.append(values[name][:_LONGEST])
    return "".join(parts)


def _banner(line: Line) -> dict[str, Json]:
    items: list[Json] = [_run(line.text, {"weight": "Bolder"})]
    if line.hint:
        items.append(_run(line.hint, {}))
    if line.on is not None:
        # Each client shows it in the time zone of its reader. It reads whole seconds only.
        instant = f"{line.on.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        when = f"{{{{DATE({instant}, SHORT)}}}} {{{{TIME({instant})}}}}"
        items.append({"type": "TextBlock", "text": when, "isSubtle": True, "wrap": True, "spacing": "None"})
    return {"type": "Container", "style": line.style, "bleed": True, "items": items}


def _run(text: str, style: dict[str, Json]) -> dict[str, Json]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}


def _below(banners: list[dict[str, Json]], card: dict[str, Json]) -> dict[str, Json]:
    body = card.get("body")
    return {**card, "body": [*banners, *(body if isinstance(body, list) else [])]}
