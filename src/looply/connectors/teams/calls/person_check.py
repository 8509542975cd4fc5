"""The check of one person: asks Microsoft for profile, installation and chat, and notes what it is answered.

It sends no message, installs nothing and opens no chat. That the app is missing keeps no card from a person: its
delivery may install it.
"""

from datetime import datetime
from typing import Final

import msgspec

from looply.connectors.teams.calls.answers import NOT_INSTALLED, Undelivered
from looply.connectors.teams.calls.bot import Member
from looply.connectors.teams.calls.delivery import NOT_FOUND, NOT_IN_CATALOG, Delivery
from looply.connectors.teams.calls.people import REMOVED, Checked, Person

WITHOUT_APP: Final = NOT_INSTALLED | {REMOVED, "AppNotFound", NOT_IN_CATALOG}
"""The reasons of people who do not have the app. They no longer hold once Microsoft says that it is there; that a
person has blocked the bot is taken back by an event of theirs alone."""


async def check_person(delivery: Delivery, person: Person) -> Person:
    """Returns what is known of a person after Microsoft was asked. A check that ends early leaves its code."""
    now = delivery.clock.now()
    try:
        news = await _ask(delivery, person, now)
    except Undelivered as error:
        installed = None if person.checked is None else person.checked.is_installed
        news = _checked(Person(id=person.id), Checked(on=now, is_installed=installed, failure=error.failure.code))
    return await delivery.directory.keep(news)


async def _ask(delivery: Delivery, person: Person, now: datetime) -> Person:
    """Returns the news of a person. Raises: Undelivered for an answer that says nothing of them."""
    news, is_installed = Person(id=person.id), None
    if delivery.account.has_graph:
        found = await delivery.within_pace("", lambda: delivery.graph.find_user(person.id))
        if found is None or found.id != person.id:
            return _checked(news, Checked(on=now, failure=NOT_FOUND))
        news, is_installed = found, await delivery.within_pace("", lambda: delivery.graph.has_app(person.id))
    checked = Checked(on=now, is_installed=is_installed)
    if is_installed is False:
        return _checked(news, checked)
    if person.conversation and person.service_url:
        return await _ask_chat(delivery, person, news, checked)
    return lift_block(person, news, checked) if is_installed else _checked(news, checked)


async def _ask_chat(delivery: Delivery, person: Person, news: Person, checked: Checked) -> Person:
    """Returns the news with what the chat's list of members says: it is refused where the bot is not in the chat."""
    conversation = person.conversation
    try:
        members = await delivery.within_pace(
            conversation, lambda: delivery.bot.members(person.service_url, conversation)
        )
    except Undelivered as error:
        match error.failure.meaning:
            case "no_conversation":
                lost = msgspec.structs.replace(news, conversation=conversation, lost=conversation)
                return _checked(lost, checked)
            case "not_installed":
                return _checked(news, Checked(on=checked.on, is_installed=False))
            case "blocked":
                blocked = msgspec.structs.replace(news, state="blocked", reason=error.failure.code, seen_on=checked.on)
                return _checked(blocked, checked)
            case _:
                raise
    found = next((each for each in members if each.aad_object_id.lower() == person.id), None)
    there = msgspec.structs.replace(_with_member(news, found), conversation=conversation)
    return lift_block(person, there, checked)


def _with_member(news: Person, member: Member | None) -> Person:
    """Returns the news with what the list of members says of the person, where Graph did not say it."""
    if member is None:
        return news
    return msgspec.structs.replace(
        news,
        mri=member.id,
        name=news.name or member.name or "",
        mail=news.mail or (member.email or "").casefold(),
        upn=news.upn or (member.user_principal_name or "").casefold(),
    )


def lift_block(person: Person, news: Person, checked: Checked) -> Person:
    """Returns the news, which make a person reachable who was blocked because the app was missing."""
    if person.state == "blocked" and person.reason in WITHOUT_APP:
        news = msgspec.structs.replace(news, state="reachable", seen_on=checked.on)
    return _checked(news, checked)


def _checked(news: Person, checked: Checked) -> Person:
    return msgspec.structs.replace(news, checked=checked)
