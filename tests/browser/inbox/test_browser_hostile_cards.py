"""Cards that attack who reads them, in the frame of the inbox: nothing runs, nothing is requested."""

from blackbox.harness.definitions import card, definition, note
from browser.app.visits import Visit
from browser.inbox.asking import MANAGER, ORDER, Installation, inside

HOSTILE = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "backgroundImage": "https://elsewhere.invalid/background.png",
    "body": [
        {"type": "TextBlock", "text": "<script>parent.hacked = 1</script><img src=x onerror='parent.hacked = 1'>"},
        {"type": "TextBlock", "text": "[press](javascript:parent.hacked=1) [site](https://elsewhere.invalid/page)"},
        {"type": "TextBlock", "text": "<iframe src='/app/me'></iframe>"},
        {"type": "Image", "url": "https://elsewhere.invalid/seen.png", "altText": "A counter"},
        {"type": "Image", "url": "/v2/session/get"},
    ],
    "actions": [
        {"type": "Action.OpenUrl", "title": "Script", "url": "javascript:parent.hacked=1"},
        {"type": "Action.Submit", "title": "Send", "data": {"action": "send"}},
    ],
}


def test_a_hostile_card_runs_nothing_and_requests_nothing(manager: Visit, installation: Installation) -> None:
    _, execution_id = installation.ask(definition(card(card=HOSTILE, recipients=[MANAGER]), note()))
    page = manager.open("/app/inbox")
    page.get_by_role("link", name="script").click()
    inside(manager).get_by_text("Image (not loaded): A counter").wait_for()
    frame = page.frames[1]
    assert frame.evaluate("self.origin") == "null"
    assert frame.locator("script:not([src]), iframe, object, img, [onerror]").count() == 0
    cookie = "(() => { try { return document.cookie } catch (error) { return error.name } })()"
    assert frame.evaluate(cookie) == "SecurityError"
    reach = "(() => { try { return parent.document.title } catch (error) { return error.name } })()"
    assert frame.evaluate(reach) == "SecurityError"
    inside(manager).get_by_role("link", name="Script").click()
    inside(manager).get_by_role("link", name="site").click()
    dialog = page.get_by_role("dialog", name="Open elsewhere.invalid?")
    dialog.wait_for()
    dialog.get_by_role("button", name="Cancel").click()
    assert page.evaluate("globalThis.hacked") is None
    manager.check()
    installation.org.terminate(execution_id)


def test_a_card_that_is_too_large_is_refused_in_words(manager: Visit, installation: Installation) -> None:
    filling = {"type": "TextBlock", "text": "${payload.output.filling}"}
    large = {**ORDER, "body": [{"type": "TextBlock", "text": "Large"}, *[filling] * 2]}
    flow = definition(card(card=large, recipients=[MANAGER]), note())
    _, execution_id = installation.ask(flow, filling="x" * 520_000)
    page = manager.open("/app/inbox")
    page.get_by_role("link", name="Large").click()
    page.get_by_text("This card is too large to be shown").wait_for()
    installation.org.terminate(execution_id)
