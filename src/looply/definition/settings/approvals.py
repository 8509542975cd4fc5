"""Compiles the settings of an `approval`."""

from collections.abc import Iterator

from looply.definition.settings.channels import read_channel, read_fallback
from looply.definition.settings.mail import person_of
from looply.definition.settings.pauses import card_version_alone, no_adaptive_card
from looply.definition.settings.reading import Reader, read_template
from looply.definition.settings.step_settings import ApprovalSettings, DatastoreLocation, EscalationSettings
from looply.errors import say
from looply.expressions import Template


def compile_approval(reader: Reader) -> ApprovalSettings:
    """Returns the settings of an `approval`. The caller embeds a card that `card_id` names as `card`."""
    _check_card(reader)
    _check_people(reader)
    stated = reader.value.get("recipients")
    is_in_datastore = isinstance(stated, dict)
    quorum = reader.value.get("quorum", "all")
    return ApprovalSettings(
        recipients=None if is_in_datastore else reader.template("recipients"),
        datastore=_datastore_location(reader) if is_in_datastore else None,
        card=reader.card("card"),
        card_id=reader.value.get("card_id"),
        card_version=reader.integer("card_version"),
        requester=reader.template("requester"),
        self_approval=reader.value.get("self_approval", True),
        api=reader.value.get("api", False),
        order=reader.value.get("order", "parallel"),
        quorum=int(quorum) if isinstance(quorum, float) else quorum,
        veto=reader.value.get("veto", False),
        comment_required=reader.value.get("comment_required", ""),
        reminders=tuple(_durations(reader, "reminders")),
        escalation=tuple(_escalation(reader)),
        calendar=reader.template("calendar"),
        timeout=reader.duration_template("timeout"),
        channel=read_channel(reader),
        app=reader.value.get("app"),
        fallback=read_fallback(reader),
        may_answer=reader.template("may_answer"),
        confirm=reader.value.get("confirm", "link"),
    )


def _check_card(reader: Reader) -> None:
    if "card_version" in reader and "card_id" not in reader:
        reader.error("card_version", card_version_alone())
    if "card" in reader and reader.value["card"].get("type") != "AdaptiveCard":
        reader.warning("card", *no_adaptive_card())


def _check_people(reader: Reader) -> None:
    if not reader.value.get("self_approval", True) and "requester" not in reader:
        example = "${payload.output.requested_by}"
        hint = say("NAME_REQUESTER", "name the requester, such as {example}", example=example)
        reader.error("self_approval", say("REQUESTER_MISSING", "`self_approval: false` needs a `requester`"), hint)
    people, quorum = reader.value["recipients"], reader.value.get("quorum")
    if not isinstance(people, list) or any("${" in person for person in people):
        return
    count = len({person_of(person) for person in people})
    if isinstance(quorum, int | float) and quorum > count:
        wording = "asks for {quorum} approvals, but there are {count} recipients"
        reader.error("quorum", say("QUORUM_TOO_LARGE", wording, quorum=str(quorum), count=count))


def _datastore_location(reader: Reader) -> DatastoreLocation:
    child = reader.child("recipients")
    assert child is not None
    name = child.template("datastore")
    assert name is not None  # the schema requires it
    return DatastoreLocation(name=name, path=child.template("path"))


def _durations(reader: Reader, name: str) -> Iterator[Template]:
    for index, text in enumerate(reader.value.get(name, ())):
        item = Reader({str(index): text}, reader.pointer(name), reader.report)
        template = item.duration_template(str(index))
        assert template is not None
        yield template


def _escalation(reader: Reader) -> Iterator[EscalationSettings]:
    if "escalation" not in reader:
        return
    for child in reader.children("escalation"):
        after = child.duration_template("after")
        assert after is not None  # the schema requires it
        yield EscalationSettings(after=after, to=read_template(child.value["to"], child.pointer("to"), child.report))
