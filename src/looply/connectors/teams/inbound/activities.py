"""Activities as Microsoft sends them, and what each of them means here.

Source: the activity schema of the Bot Framework, and Microsoft's pages on universal actions and conversation events of
Teams. Unknown members are ignored; a member with another type than it should have is refused.
"""

from typing import Any, Final, TypeAlias

import msgspec

from looply.connectors.teams.cards.outgoing import REFRESH_VERB, Tag, read_data, read_tag
from looply.errors import BadRequest
from looply.jsontext import Json, parse_json

MOST_BYTES: Final = 256 * 1024
"""The largest activity that is read; those of cards have some kilobytes."""
_THREAD: Final = ";messageid="


class Named(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A person, a bot, a channel or a tenant, by id."""

    id: str = ""
    aad_object_id: str = ""
    name: str | None = None


class Conversation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The conversation of an activity."""

    id: str = ""
    conversation_type: str = ""
    tenant_id: str = ""
    is_group: bool | None = None


class ChannelData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What Teams adds to an activity."""

    tenant: Named | None = None
    team: Named | None = None
    channel: Named | None = None
    event_type: str = ""


class Activity(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An activity, as far as it is used."""

    type: str
    id: str = ""
    timestamp: str = ""
    channel_id: str = ""
    service_url: str = ""
    name: str = ""
    action: str = ""
    sender: Named = msgspec.field(default_factory=Named, name="from")
    recipient: Named = msgspec.field(default_factory=Named)
    conversation: Conversation = msgspec.field(default_factory=Conversation)
    channel_data: ChannelData = msgspec.field(default_factory=ChannelData)
    members_added: list[Named] = []
    members_removed: list[Named] = []
    reply_to_id: str = ""
    locale: str = ""
    value: Any = None

    @property
    def tenants(self) -> frozenset[str]:
        """Every tenant that the activity names."""
        named = (self.conversation.tenant_id, self.channel_data.tenant.id if self.channel_data.tenant else "")
        return frozenset(each for each in named if each)


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where something happened. `message_id` is that of the card that was used, empty where none was.

    In a channel `conversation` is the thread, `19:...;messageid=...`; `root` is without the message.
    """

    service_url: str
    conversation: str
    is_personal: bool
    team_id: str = ""
    message_id: str = ""

    @property
    def root(self) -> str:
        """The conversation without its thread."""
        return self.conversation.partition(_THREAD)[0]


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """Who did something: `id` is that of Entra, `mri` the one by which this bot knows the person."""

    id: str
    mri: str
    name: str = ""
    locale: str = ""


class Submitted(msgspec.Struct, frozen=True, kw_only=True):
    """A person has answered a card. `wants_card`: the answer to the call is the card of the new state."""

    sender: Sender
    place: Place
    tag: Tag
    data: dict[str, Json]
    wants_card: bool


class Refreshed(msgspec.Struct, frozen=True, kw_only=True):
    """A person's client asks for the present state of a card."""

    sender: Sender
    place: Place
    tag: Tag


class Installed(msgspec.Struct, frozen=True, kw_only=True):
    """The bot was added to a conversation. `sender` did it, who in a personal chat is the person of it."""

    sender: Sender
    place: Place


class Removed(msgspec.Struct, frozen=True, kw_only=True):
    """The bot was removed from a conversation."""

    sender: Sender
    place: Place


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """People were added to a conversation of the bot; `members` are their `29:` ids with those of Entra, if known."""

    place: Place
    members: tuple[Sender, ...]


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """People were removed from a conversation of the bot."""

    place: Place
    members: tuple[Sender, ...]


class Wrote(msgspec.Struct, frozen=True, kw_only=True):
    """A person wrote to the bot, which says no more than where the person is."""

    sender: Sender
    place: Place


class Other(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing that is of use here. `is_invoke`: the caller waits for an answer of its own form."""

    kind: str
    is_invoke: bool


TeamsEvent: TypeAlias = Submitted | Refreshed | Installed | Removed | Joined | Left | Wrote | Other


class _Action(msgspec.Struct, frozen=True, kw_only=True):
    type: str = ""
    verb: str = ""
    data: Any = None


class _Invoked(msgspec.Struct, frozen=True, kw_only=True):
    action: _Action
    trigger: str = "manual"


def read_activity(content: bytes) -> Activity:
    """Returns an activity of at most `MOST_BYTES`. Raises: BadRequest for what is none."""
    document = parse_json(content, name="the activity")
    try:
        return msgspec.convert(_without_null(document), Activity)
    except msgspec.ValidationError as error:
        raise BadRequest(f"the activity does not fit: {error}", code="BAD_BODY") from error


def read_event(activity: Activity) -> TeamsEvent:
    """Returns what an activity means. Raises: BadRequest for an answer whose form is not that of one."""
    match activity.type, activity.name:
        case "invoke", "adaptiveCard/action":
            return _invoked(activity)
        case "message", _:
            return _message(activity)
        case "installationUpdate", _:
            return _installation(activity)
        case "conversationUpdate", _:
            return _members(activity)
        case kind, _:
            return _other(activity, kind)


def _invoked(activity: Activity) -> TeamsEvent:
    try:
        invoked = msgspec.convert(activity.value, _Invoked)
    except msgspec.ValidationError as error:
        raise BadRequest(f"the value of the activity does not fit: {error}", code="BAD_BODY") from error
    tag, action = read_tag(invoked.action.data), invoked.action
    if tag is None:
        return _other(activity, "adaptiveCard/action")
    sender, place = _sender(activity), _place(activity)
    if action.verb == REFRESH_VERB:
        return Refreshed(sender=sender, place=place, tag=tag)
    data = read_data(action.data, action.verb)
    return Submitted(sender=sender, place=place, tag=tag, data=data, wants_card=True)


def _message(activity: Activity) -> TeamsEvent:
    tag = read_tag(activity.value)
    sender, place = _sender(activity), _place(activity)
    if tag is None:
        return Wrote(sender=sender, place=place)
    return Submitted(sender=sender, place=place, tag=tag, data=read_data(activity.value), wants_card=False)


def _installation(activity: Activity) -> TeamsEvent:
    sender, place = _sender(activity), _place(activity)
    if activity.action.startswith("add"):  # `add`, `add-upgrade`
        return Installed(sender=sender, place=place)
    if activity.action.startswith("remove"):  # `remove`, `remove-upgrade`
        return Removed(sender=sender, place=place)
    return _other(activity, f"installationUpdate {activity.action}".strip())


def _members(activity: Activity) -> TeamsEvent:
    sender, place, bot = _sender(activity), _place(activity), activity.recipient.id
    added, removed = activity.members_added, activity.members_removed
    if any(each.id == bot for each in added):
        return Installed(sender=sender, place=place)
    if any(each.id == bot for each in removed):
        return Removed(sender=sender, place=place)
    if added:
        return Joined(place=place, members=tuple(_member(each) for each in added))
    if removed:
        return Left(place=place, members=tuple(_member(each) for each in removed))
    return _other(activity, f"conversationUpdate {activity.channel_data.event_type}".strip())


def _other(activity: Activity, kind: str) -> Other:
    return Other(kind=kind[:100], is_invoke=activity.type == "invoke")


def _sender(activity: Activity) -> Sender:
    return msgspec.structs.replace(_member(activity.sender), locale=activity.locale)


def _member(named: Named) -> Sender:
    return Sender(id=named.aad_object_id.lower(), mri=named.id, name=named.name or "")


def _place(activity: Activity) -> Place:
    return Place(
        service_url=activity.service_url,
        conversation=activity.conversation.id,
        is_personal=activity.conversation.conversation_type == "personal",
        team_id=activity.channel_data.team.id if activity.channel_data.team is not None else "",
        message_id=activity.reply_to_id,
    )


def _without_null(document: Json) -> Json:
    """Returns the members of an activity that are set: Microsoft sends null for some that are not."""
    if not isinstance(document, dict):
        return document
    return {
        name: _set_members(value) if name != "value" else value for name, value in document.items() if value is not None
    }


def _set_members(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _set_members(each) for name, each in value.items() if each is not None}
    return [_set_members(each) for each in value] if isinstance(value, list) else value
