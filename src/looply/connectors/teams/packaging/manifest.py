"""The manifest of the app: the bot, the tab with one's own approvals, and the hosts that they use.

Source: the manifest schema of Microsoft Teams, version 1.19.
"""

from typing import Final
from urllib.parse import quote, urlsplit

import msgspec

from looply.connectors.teams.calls.settings import Cloud
from looply.connectors.teams.packaging.icons import ACCENT
from looply.errors import BadInput
from looply.jsontext import Json

MANIFEST_VERSION: Final = "1.19"
SCHEMA_URL: Final = f"https://developer.microsoft.com/json-schemas/teams/v{MANIFEST_VERSION}/MicrosoftTeams.schema.json"
SCOPES: Final = ("personal", "team", "groupChat")
COLOR_FILE: Final = "color.png"
OUTLINE_FILE: Final = "outline.png"
GERMAN_FILE: Final = "de.json"
TAB_PATH: Final = "/teams/inbox"
TAB_CLOUDS: Final[tuple[Cloud, ...]] = ("public", "gcc", "other")
"""The clouds whose Teams may have the pages of the tab in a frame: the server permits the hosts of the public cloud,
which `gcc` uses too. Source: Microsoft's page on the requirements of tabs, which names no host of other clouds."""


class App(msgspec.Struct, frozen=True, kw_only=True):
    """What an app is made of. `public_url` is the https address of this installation, as people's clients reach it.

    `version` must grow with each package that replaces another one in a catalog. `connection_id` is that of the bot,
    which the tab names in its calls; without one the app has no tab. `cloud` is that of the connection.
    """

    app_id: str
    public_url: str
    version: str = "1.0.0"
    name: str = "Looply"
    developer: str = "Looply"
    privacy_url: str = ""
    terms_url: str = ""
    connection_id: str = ""
    cloud: Cloud = "public"


def build_manifest(app: App) -> dict[str, Json]:
    """Returns the manifest of an app. Raises: BadInput for an address that is not https or has no host name."""
    host = _host(app.public_url)
    base = app.public_url.rstrip("/")
    tabs: list[Json] = [
        {
            "entityId": "approvals",
            "name": "My approvals",
            "contentUrl": f"{base}{TAB_PATH}?connection={quote(app.connection_id, safe='')}",
            "websiteUrl": f"{base}/app/inbox",
            "scopes": ["personal"],
        }
    ]
    return {
        "$schema": SCHEMA_URL,
        "manifestVersion": MANIFEST_VERSION,
        "version": app.version,
        "id": app.app_id.lower(),
        "developer": {
            "name": app.developer,
            "websiteUrl": base,
            "privacyUrl": app.privacy_url or base,
            "termsOfUseUrl": app.terms_url or base,
        },
        "name": {"short": app.name, "full": f"{app.name}: approvals and requests"},
        "description": {
            "short": "Decide on requests where you work",
            "full": "Brings the requests of your workflows to you, takes your decision, and shows what became of it.",
        },
        "icons": {"color": COLOR_FILE, "outline": OUTLINE_FILE},
        "accentColor": "#{:02X}{:02X}{:02X}".format(*ACCENT),
        "localizationInfo": {
            "defaultLanguageTag": "en",
            "additionalLanguages": [{"languageTag": "de", "file": GERMAN_FILE}],
        },
        "bots": [
            {"botId": app.app_id.lower(), "scopes": list(SCOPES), "supportsFiles": False, "isNotificationOnly": False}
        ],
        **({"staticTabs": tabs} if app.connection_id else {}),
        "permissions": ["identity", "messageTeamMembers"],
        "validDomains": [host],
        "webApplicationInfo": {"id": app.app_id.lower(), "resource": f"api://{host}/{app.app_id.lower()}"},
    }


def german_texts(app: App) -> dict[str, Json]:
    """Returns the German texts of the manifest, by the paths of what they replace."""
    texts = {
        "$schema": SCHEMA_URL.replace("MicrosoftTeams.schema", "MicrosoftTeams.Localization.schema"),
        "name.short": app.name,
        "name.full": f"{app.name}: Freigaben und Anfragen",
        "description.short": "Entscheiden Sie, wo Sie arbeiten",
        "description.full": "Bringt Ihnen die Anfragen Ihrer Workflows, nimmt Ihre Entscheidung entgegen und zeigt,"
        " was daraus wurde.",
    }
    return {**texts, **({"staticTabs[0].name": "Meine Freigaben"} if app.connection_id else {})}


def _host(public_url: str) -> str:
    try:
        parts = urlsplit(public_url)
        host = parts.hostname or ""
    except ValueError:
        raise BadInput(f"{public_url[:200]!r} is no URL") from None
    if parts.scheme != "https" or "." not in host or host.replace(".", "").isdigit() or parts.query or parts.fragment:
        message = (
            f"{public_url[:200]!r} is not a public address; Teams opens https://looply.example.com and the like only"
        )
        raise BadInput(message)
    return host if parts.port is None else f"{host}:{parts.port}"
