"""Compiles the settings of the steps that wait: cards, waits and delays."""

from looply.definition.schemas.settings_schema import SOURCES
from looply.definition.settings.channels import read_channel, read_fallback
from looply.definition.settings.reading import BROKEN, Reader
from looply.definition.settings.step_settings import AdaptiveCardSettings, CardWait, DelaySettings, WaitSettings


def compile_adaptive_card(reader: Reader) -> AdaptiveCardSettings:
    """Returns the settings of an `adaptiveCard`. The caller embeds a card that `card_id` names as `card`."""
    action = reader.value.get("action", "send")
    if action != "delete" and not {"card", "card_id"} & reader.value.keys():
        reader.error("card", f"a card to {action} is missing", "give `card`, or `card_id`")
    if "card_version" in reader and "card_id" not in reader:
        reader.error("card_version", "`card_version` needs a `card_id`")
    card_type = reader.value.get("card", {}).get("type")
    if "card" in reader and card_type != "AdaptiveCard":
        reader.warning("card", "the card's `type` is not AdaptiveCard", 'add "type": "AdaptiveCard"')
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
        hint = "`for` takes a duration such as PT2H, `until` an RFC 3339 time"
        reader.report.error(reader.path, "a delay needs exactly one of `for` and `until`", hint)
    until = reader.template("until")
    if until is not None and until.is_constant and until is not BROKEN:
        reader.instant("until")
    return DelaySettings(for_=reader.duration_template("for", allows_zero=True), until=until)


def _check_send(reader: Reader) -> None:
    if "recipients" not in reader:
        reader.error("recipients", "the recipients are missing")
    if "target" in reader:
        reader.error("target", "`target` is for the actions update and delete")
    recipients, expected = reader.value.get("recipients"), reader.value.get("wait", {}).get("for")
    if not isinstance(recipients, list) or any("${" in recipient for recipient in recipients):
        return
    if isinstance(expected, int | float) and expected > len(set(recipients)):
        reader.error("wait", f"waits for {expected} answers, but has {len(set(recipients))} recipients")


def _check_change(reader: Reader) -> None:
    action = reader.value["action"]
    if "target" not in reader:
        reader.error("target", "`target` is missing", f"name the step whose cards this one should {action}")
    for name in ("recipients", "wait", "fallback", "may_answer"):
        if name in reader:
            reader.error(name, f"`{name}` is for the action send")


def _card_wait(reader: Reader) -> CardWait | None:
    child = reader.child("wait")
    if child is None:
        return None
    count = child.value.get("for", "first")
    return CardWait(
        count=int(count) if isinstance(count, float) else count,
        timeout=child.duration_template("timeout"),
    )
