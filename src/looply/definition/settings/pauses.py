"""Compiles the settings of the steps that wait: cards, waits and delays."""

from looply.definition.schemas.settings_schema import SOURCES
from looply.definition.settings.channels import read_channel, read_fallback
from looply.definition.settings.reading import BROKEN, Reader
from looply.definition.settings.step_settings import AdaptiveCardSettings, CardWait, DelaySettings, WaitSettings
from looply.errors import Sentence, say


def compile_adaptive_card(reader: Reader) -> AdaptiveCardSettings:
    """Returns the settings of an `adaptiveCard`. The caller embeds a card that `card_id` names as `card`."""
    action = reader.value.get("action", "send")
    if action != "delete" and not {"card", "card_id"} & reader.value.keys():
        hint = say("GIVE_CARD", "give `card`, or `card_id`")
        reader.error("card", say("CARD_MISSING", "a card to {action} is missing", action=action), hint)
    if "card_version" in reader and "card_id" not in reader:
        reader.error("card_version", card_version_alone())
    card_type = reader.value.get("card", {}).get("type")
    if "card" in reader and card_type != "AdaptiveCard":
        reader.warning("card", *no_adaptive_card())
    (_check_send if action == "send" else _check_change)(reader)
    return AdaptiveCardSettings(
        action=action,
        channel=read_channel(reader),
        app=reader.value.get("app"),
        card=reader.card("card"),
        card_id=reader.value.get("card_id"),
        card_version=reader.integer("card_version"),
        recipients=reader.template("recipients"),
        wait=_card_wait(reader),
        target=reader.value.get("target"),
        fallback=read_fallback(reader, is_awaited="wait" in reader),
        may_answer=reader.template("may_answer"),
        confirm=reader.value.get("confirm", "link"),
    )


def compile_wait(reader: Reader) -> WaitSettings:
    """Returns the settings of a `wait`, with the schema of its answer compiled."""
    return WaitSettings(
        sources=tuple(reader.value.get("sources", SOURCES)),
        timeout=reader.duration_template("timeout"),
        schema=reader.value.get("schema"),
        checker=reader.json_schema("schema"),
    )


def compile_delay(reader: Reader) -> DelaySettings:
    """Returns the settings of a `delay`."""
    if ("for" in reader) == ("until" in reader):
        hint = say("DELAY_VALUES", "`for` takes a duration such as PT2H, `until` an RFC 3339 time")
        reader.report.error(reader.path, say("DELAY_ONE", "a delay needs exactly one of `for` and `until`"), hint)
    until = reader.template("until")
    if until is not None and until.is_constant and until is not BROKEN:
        reader.instant("until")
    return DelaySettings(for_=reader.duration_template("for", allows_zero=True), until=until)


def card_version_alone() -> Sentence:
    """Returns the sentence that a version of a card is named, and no card."""
    return say("CARD_VERSION_ALONE", "`card_version` needs a `card_id`")


def no_adaptive_card() -> tuple[Sentence, Sentence]:
    """Returns the sentence that a card has another type, and what to add to it."""
    message = say("NO_ADAPTIVE_CARD", "the card's `type` is not AdaptiveCard")
    return message, say("ADD_THIS", "add {json}", json='"type": "AdaptiveCard"')


def _check_send(reader: Reader) -> None:
    if "recipients" not in reader:
        reader.error("recipients", say("RECIPIENTS_MISSING", "the recipients are missing"))
    if "target" in reader:
        reader.error("target", say("TARGET_OF_CHANGE", "`target` is for the actions update and delete"))
    recipients, expected = reader.value.get("recipients"), reader.value.get("wait", {}).get("for")
    if not isinstance(recipients, list) or any("${" in recipient for recipient in recipients):
        return
    if isinstance(expected, int | float) and expected > len(set(recipients)):
        wording = "waits for {expected} answers, but has {count} recipients"
        message = say("TOO_FEW_RECIPIENTS", wording, expected=str(expected), count=len(set(recipients)))
        reader.error("wait", message)


def _check_change(reader: Reader) -> None:
    action = reader.value["action"]
    if "target" not in reader:
        hint = say("NAME_TARGET", "name the step whose cards this one should {action}", action=action)
        reader.error("target", say("TARGET_MISSING", "`target` is missing"), hint)
    for name in ("recipients", "wait", "fallback", "may_answer", "confirm"):
        if name in reader:
            reader.error(name, say("FOR_SEND", "`{name}` is for the action send", name=name))


def _card_wait(reader: Reader) -> CardWait | None:
    child = reader.child("wait")
    if child is None:
        return None
    count = child.value.get("for", "first")
    return CardWait(
        count=int(count) if isinstance(count, float) else count,
        timeout=child.duration_template("timeout"),
    )
