"""The personal tab in Teams: Microsoft's own library speaks with a page that plays Teams, at the address of Teams.

The tokens are those of the simulator's Entra, whose keys the server reads.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import pytest

from browser.app.visits import AXE, AXE_RUN, PHONE, PICTURES, WIDE, Visit
from browser.inbox.asking import CONTROLLER, MANAGER, Installation, approval
from browser.serving import serving
from kit.servers.teams_server import teams_beside
from looply.demo.teams.connector import APP, TENANT
from looply.demo.teams.people import User
from looply.demo.teams.simulator import SECRET, TeamsSimulator

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Frame, Route

TEAMS: Final = "https://teams.microsoft.com"
FOREIGN: Final = "https://teams.microsoft.com.evil.example"
HOSTS: Final = "https://res.cdn.office.net/teams-js/validDomains/json/validDomains.json"
"""Where the library reads from which hosts it takes messages."""
PARTS: Final = {
    "en": {"open": "To decide", "decided": "Decided", "requested": "Requested", "absence": "Absence"},
    "de": {"open": "Offen", "decided": "Entschieden", "requested": "Angefragt", "absence": "Abwesenheit"},
}
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Microsoft Teams</title>
<style>
html, body { margin: 0; height: 100%%; }
iframe { display: block; border: 0; width: 100%%; height: 100%%; }
</style>
</head>
<body>
<script>
const given = %(given)s;
const runtime = JSON.stringify({
  apiVersion: 4,
  hostVersionsInfo: {adaptiveCardSchemaVersion: {majorVersion: 1, minorVersion: 5}},
  isLegacyTeams: false,
  supports: {},
});
const answers = {
  initialize: () => ["content", "web", runtime, "2.58.0"],
  getContext: () => [{theme: given.theme, locale: given.locale, entityId: "approvals", frameContext: "content"}],
  "authentication.getAuthToken": () => (given.token === "" ? [false, "resourceRequiresConsent"] : [true, given.token]),
};
globalThis.asked = [];
addEventListener("message", ({data, source, origin}) => {
  if (typeof data?.func !== "string") return;
  globalThis.asked.push(data.func);
  globalThis.tell = (func, ...args) => source.postMessage({func, args}, origin);
  const answer = answers[data.func];
  if (answer !== undefined) source.postMessage({id: data.id, uuidAsString: data.uuidAsString, args: answer()}, origin);
});
</script>
<iframe title="My approvals" src="%(tab)s"></iframe>
</body>
</html>
"""


class Office:
    """The tenant of Microsoft, and the installation that has the connection of its bot."""

    def __init__(self, microsoft: TeamsSimulator, installation: Installation) -> None:
        self.microsoft = microsoft
        self.installation = installation
        draft = {"name": "TEAMS", "kind": "teams", "settings": microsoft.settings()}
        answer = installation.org.post("createConnection", {**draft, "secrets": {"client_secret": SECRET}})
        assert answer.status_code == 200, answer.text
        self.tab = f"{installation.address}/teams/inbox?connection={answer.json()['item']['connection_id']}"

    def token(self, mail: str, **changes: Any) -> str:
        """Returns a token of Entra for a person of the tenant."""
        user, begun = self._user(mail), int(datetime.now(UTC).timestamp())
        named = {"iss": f"{self.microsoft.address}/{TENANT}/v2.0", "aud": APP, "tid": TENANT, "oid": user.id}
        person = {"preferred_username": mail, "scp": "access_as_user", "ver": "2.0"}
        times = {"iat": begun, "nbf": begun, "exp": begun + 3600}
        return self.microsoft.people_key.sign({**named, **person, **times, **changes})

    def _user(self, mail: str) -> User:
        found = next((each for each in self.microsoft.world.users.values() if each.mail == mail), None)
        return found or self.microsoft.world.add_user(mail.partition("@")[0], mail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Teams:
    """How a reader sees Teams, and the address of the page that plays it."""

    theme: str = "default"
    locale: str = "en-US"
    size: Mapping[str, int] = field(default_factory=lambda: WIDE)
    host: str = TEAMS
    names_hosts: bool = True
    """Whether Microsoft's list of its hosts can be read."""


class TabVisit(Visit):
    """A visitor of Teams who has opened the tab: what is looked at is the tab."""

    def __init__(self, browser: "Browser", office: Office, token: str, teams: Teams | None = None) -> None:
        teams = teams or Teams()
        super().__init__(
            browser,
            teams.host,
            size=dict(teams.size),
            beside=office.installation.address,
            locale=teams.locale[:2],
            # To Chromium the server is in the network of the reader: a public page needs a permission to frame its
            # pages.
            permissions=["local-network-access"],
        )
        given = {"theme": teams.theme, "locale": teams.locale, "token": token}
        html = _PAGE % {"given": json.dumps(given), "tab": office.tab}

        def answer(route: "Route") -> None:
            route.fulfill(body=html, content_type="text/html; charset=utf-8")

        self.page.route(f"{teams.host}/**", answer)
        self.page.route(HOSTS, name_hosts if teams.names_hosts else lambda route: route.abort())
        self._known = {urlsplit(each).netloc for each in (teams.host, HOSTS, office.tab)}
        self.open("/v2/")

    @property
    def tab(self) -> "Frame":
        """The page of the tab."""
        found = self.page.locator("iframe").element_handle().content_frame()
        assert found is not None
        return found

    def asked(self) -> list[str]:
        """Returns what the tab has asked of Teams."""
        found: list[str] = self.page.evaluate("globalThis.asked")
        return found

    def look(self, name: str) -> None:
        """Lets axe look at the tab, and stores a picture of it where pictures are requested."""
        if not AXE.is_file():
            pytest.skip("axe-core is not installed; 'make ui' installs it")
        self.tab.evaluate(AXE.read_text("utf-8"))
        found = self.tab.evaluate(AXE_RUN, {})
        assert not found, f"{name}: " + "\n".join(found)
        if PICTURES:
            Path(PICTURES).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(PICTURES) / f"{name}.png", animations="disabled")

    def check(self) -> None:
        """Fails when the console or a content security policy of any frame reported anything, or a cookie was set."""
        violations = [each for frame in self.page.frames for each in frame.evaluate("globalThis.violations ?? []")]
        reports = [*self._reports, *violations]
        assert not reports, "\n".join(reports)
        assert self._hosts <= self._known
        assert self._context.cookies() == []


def name_hosts(route: "Route") -> None:
    """Answers as the host does from which the library reads the hosts of Microsoft."""
    body, headers = json.dumps({"validOrigins": ["teams.microsoft.com"]}), {"access-control-allow-origin": "*"}
    route.fulfill(body=body, content_type="application/json", headers=headers)


@pytest.fixture(scope="module")
def microsoft() -> Iterator[TeamsSimulator]:
    with teams_beside() as simulator:
        yield simulator


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, microsoft: TeamsSimulator) -> Iterator[Installation]:
    def permit(organization_id: str) -> dict[str, str]:
        return {"LOOPLY_TEAMS_TABS": f"{organization_id}={microsoft.address}/{TENANT}/v2.0"}

    with serving(tmp_path_factory.mktemp("tab") / "data", ["127.0.0.0/8"], permit) as served:
        yield Installation(*served)


@pytest.fixture(scope="module")
def office(browser: "Browser", microsoft: TeamsSimulator, installation: Installation) -> Office:
    """The installation has one member, who has signed in by the link of the first owner."""
    visit = Visit(browser, installation.address, color_scheme="light")
    visit.join(installation.owner_link, "The manager", MANAGER)
    visit.close()
    return Office(microsoft, installation)


def test_a_request_is_decided_in_the_tab_of_teams_without_a_sign_in(
    browser: "Browser", office: Office, installation: Installation
) -> None:
    workflow_id, execution_id = installation.ask(approval(MANAGER, name="In Teams"), po="4500000801")
    visit = TabVisit(browser, office, office.token(MANAGER))
    tab = visit.tab
    tab.get_by_role("link", name="Purchase order 4500000801").click()
    card = tab.frame_locator("iframe")
    card.get_by_text("Northwater Pumps GmbH").wait_for()
    tab.get_by_role("button", name="Approve", exact=True).wait_for()
    assert tab.locator("kbd").count() > 0
    assert not any(each.is_visible() for each in tab.locator("kbd").all()), "keys belong to Teams"
    card.get_by_label("Comment").fill("Read in Teams")
    visit.look("teams-tab-light-en-1440")
    tab.get_by_role("button", name="Approve").click()
    tab.get_by_text("Approve: Purchase order 4500000801. Your answer is recorded.").wait_for()
    installation.org.until(workflow_id, execution_id, "COMPLETED")
    [decision] = installation.org.get("getDecisions", workflow_execution_id=execution_id).json()["items"]
    assert (decision["user"], decision["action"], decision["comment"]) == (MANAGER, "approved", "Read in Teams")
    assert {"initialize", "getContext", "authentication.getAuthToken"} < {*visit.asked()}
    tab.get_by_role("link", name=PARTS["en"]["decided"], exact=True).click()
    tab.get_by_role("row", name="Purchase order 4500000801").get_by_text("Approved").wait_for()
    tab.locator("iframe").wait_for(state="detached")
    visit.close()


def test_what_a_person_has_requested_is_in_the_tab_too_and_not_among_what_is_to_decide(
    browser: "Browser", office: Office, installation: Installation
) -> None:
    _, execution_id = installation.ask(approval(CONTROLLER, name="Asked in Teams"), po="4500000803", buyer=MANAGER)
    visit = TabVisit(browser, office, office.token(MANAGER))
    tab = visit.tab
    tab.get_by_role("link", name=PARTS["en"]["requested"], exact=True).click()
    row = tab.get_by_role("row").filter(has_text="Purchase order 4500000803")
    row.get_by_text("Awaiting response").wait_for()
    row.get_by_text("controller@").wait_for()
    visit.look("teams-tab-own-request-light-en-1440")
    tab.get_by_role("link", name=PARTS["en"]["open"], exact=True).click()
    # It is for another person to decide.
    tab.get_by_text("4500000803").first.wait_for(state="detached")
    tab.get_by_role("heading", level=1).wait_for()
    tab.wait_for_load_state("networkidle")
    assert tab.get_by_text("4500000803").count() == 0
    visit.close()
    installation.org.terminate(execution_id)


@pytest.mark.parametrize(
    ("theme", "locale", "size"),
    [("dark", "en-US", WIDE), ("contrast", "en-US", WIDE), ("default", "de-DE", WIDE), ("dark", "de-DE", PHONE)],
)
def test_the_tab_looks_as_teams_does_and_is_accessible(
    browser: "Browser", office: Office, installation: Installation, theme: str, locale: str, size: dict[str, int]
) -> None:
    # A number of its own: the list may have requests of others, too.
    order = f"{theme}-{locale}"
    _, execution_id = installation.ask(approval(MANAGER, CONTROLLER), po=order, amount="12,400.00")
    visit = TabVisit(browser, office, office.token(MANAGER), Teams(theme=theme, locale=locale, size=size))
    tab, language = visit.tab, locale[:2]
    shown = "light" if theme == "default" else theme
    for part, text in PARTS[language].items():
        tab.get_by_role("link", name=text, exact=True).click()
        tab.locator(f"[aria-current=page]:text-is('{text}')").wait_for()
        tab.get_by_role("heading", level=1).wait_for()
        visit.page.wait_for_load_state("networkidle")
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{text} is wider than the tab"
        visit.look(f"teams-tab-{part}-{shown}-{language}-{size['width']}")
    root = "document.documentElement"
    assert tab.evaluate(f"[{root}.lang, {root}.dataset.theme]") == [language, shown]
    tab.get_by_role("link", name=PARTS[language]["open"], exact=True).click()
    tab.get_by_role("link", name=order).click()
    tab.frame_locator("iframe").get_by_text("Northwater Pumps GmbH").wait_for()
    visit.look(f"teams-tab-card-{shown}-{language}-{size['width']}")
    visit.close()
    installation.org.terminate(execution_id)


def test_the_tab_follows_the_theme_that_its_reader_chooses_in_teams(browser: "Browser", office: Office) -> None:
    visit = TabVisit(browser, office, office.token(MANAGER))
    visit.tab.get_by_role("heading", level=1).wait_for()
    visit.page.evaluate("globalThis.tell('themeChange', 'contrast')")
    visit.tab.locator("html[data-theme=contrast]").wait_for()
    visit.close()


def test_who_has_no_account_and_whose_token_is_refused_reads_what_to_do(browser: "Browser", office: Office) -> None:
    refusals = {
        "You have no account here yet": office.token("stranger@example.com"),
        "The server does not accept the sign-in of Teams": office.token(MANAGER, iss="https://evil.example/v2.0"),
    }
    for sentence, token in refusals.items():
        visit = TabVisit(browser, office, token)
        visit.tab.get_by_text(sentence).wait_for()
        assert visit.tab.get_by_role("link", name="Open in the browser").get_attribute("href") == "/app/inbox"
        visit.expect("a status of 403")
        visit.look(f"teams-tab-refused-{len(sentence)}-light-en-1440")
        visit.close()
    visit = TabVisit(browser, office, "")
    visit.tab.get_by_text("Teams does not say who you are").wait_for()
    visit.close()


def test_the_tab_works_where_microsofts_list_of_hosts_cannot_be_read(browser: "Browser", office: Office) -> None:
    visit = TabVisit(browser, office, office.token(MANAGER), Teams(names_hosts=False))
    visit.tab.get_by_role("link", name=PARTS["en"]["decided"], exact=True).wait_for()
    visit.expect("net::ERR_FAILED")
    visit.close()


def test_a_page_that_is_not_of_microsoft_cannot_have_the_tab_in_a_frame(browser: "Browser", office: Office) -> None:
    visit = TabVisit(browser, office, office.token(MANAGER), Teams(host=FOREIGN))
    visit.page.wait_for_load_state("networkidle")
    assert visit.tab.locator("#app").count() == 0
    assert visit.asked() == []
    visit.expect("frame-ancestors")
    visit.close()


def test_outside_of_teams_the_tab_leads_to_the_browser(browser: "Browser", office: Office) -> None:
    visit = Visit(browser, office.installation.address, beside=HOSTS.partition("/teams-js")[0])
    visit.page.route(HOSTS, name_hosts)
    page = visit.open(office.tab.removeprefix(visit.address))
    page.get_by_text("This page belongs in Microsoft Teams").wait_for()
    visit.look("teams-tab-outside-light-en-1440")
    visit.close()
