"""Error codes of cards on their way to people, and of their answers."""

from typing import Final, Literal

CARD_ERRORS: Final[dict[str, tuple[Literal["call", "state", "inside"], str]]] = {
    "NOT_YOURS": ("state", "The card is for another person, or the person is not among those who may answer it."),
    "CARD_BROKEN": ("inside", "The channel cannot show this card. It is in the `delivery` of the open card."),
    "CHANNEL_PAUSE": ("inside", "The channel asks for a pause; the card is sent after it."),
    "RECIPIENT_BLOCKED": ("inside", "The channel cannot reach the recipient. It is in the `delivery` of the card."),
    "SEND_UNKNOWN": ("inside", "It is not known whether the channel sent the card; after a while it is sent again."),
    "BAD_SECRET": ("call", "The secret of a webhook has another form. See `errors`."),
    "BAD_TARGET": ("call", "The target of a notification does not fit its channel. See `errors`."),
    "INCORRECT_NOTIFICATION_ID": ("call", "The id of a notification is no UUID."),
    "NOT_SIGNED": ("state", "The notification sends by mail or Teams; only calls of webhooks are signed."),
    "NOTIFICATION_NOT_FOUND": ("state", "The organization has no notification with the id."),
    "TOO_MANY_NOTIFICATIONS": ("state", "The organization has as many notifications as it may have. Delete one."),
    "APP_INSTALLATION_NOT_FOUND": (
        "state",
        "The installation of the app for many people does not exist, or belongs to another organization.",
    ),
    "INCORRECT_APP_INSTALLATION_ID": ("call", "The id of the installation of the app is no UUID."),
    "TOO_MANY_APP_INSTALLATIONS": (
        "state",
        "The maximum number of installations of the app is running. Wait for the end of one, or cancel it.",
    ),
    "PERSON_NOT_FOUND": ("state", "The bot knows no person with the id or address, and Graph has none."),
    "NOT_A_PERSON": ("call", "The program says that it previews or scans links. A person answers in a browser."),
    "SIGN_IN_NEEDED": ("state", "The card says `confirm: sign_in`: its recipient signs in, and answers in the inbox."),
    "CODE_NEEDED": ("state", "The card says `confirm: code`: ask for a code by mail, and send it with the answer."),
    "CODE_NOT_NEEDED": ("state", "The card is answered without a code."),
    "CODE_NOT_SENT": ("state", "The mail with the code could not be sent; the message says why."),
    "CODE_EXPIRED": ("state", "The code is too old, or another one was sent after it. Ask for a new one."),
    "NOT_A_MEMBER": (
        "call",
        (
            "The person of a tab of Teams is no active member of the organization of the connection. Invite them by "
            "the address with which they sign in at Microsoft."
        ),
    ),
    "TEAMS_TOKEN": (
        "call",
        (
            "The token that a tab of Teams has sent is refused; the message says why. Open the tab again, and see "
            "[the tab](../how-to/teams.md#the-tab-with-ones-own-approvals)."
        ),
    ),
    "CODE_WRONG": ("call", "The code is wrong. After some tries a new one is needed."),
}
"""Code -> its heading, its meaning and its remedy."""
