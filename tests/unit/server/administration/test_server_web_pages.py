"""Pages, the files that they load, and health."""

from pathlib import Path

import httpx2
import pytest
from server_kit import COMPUTING, Caller, CheckedDispatch

from kit.memory import MemoryStore
from looply.app.context.services import Services
from looply.errors import NotFound, SettingsError
from looply.server.administration.web_pages import Pages
from looply.server.application import build_app
from looply.server.http.boundary import Boundary
from looply.settings import load_settings
from looply.testing.clock import SerialEntropy


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "inbox.html").write_text("<!doctype html><p>inbox")
    (folder / "docs.html").write_text("<!doctype html><p>docs")
    (folder / "app.html").write_text('<!doctype html><meta property="csp-nonce" nonce="__NONCE__"><p>app')
    (folder / "card-frame.html").write_text("<!doctype html><p>frame")
    (folder / "mail-frame.html").write_text("<!doctype html><p>mail")
    (folder / "teams/assets").mkdir(parents=True)
    (folder / "teams/teams.html").write_text('<!doctype html><meta property="csp-nonce" nonce="__NONCE__"><p>tab')
    (folder / "teams/assets/tab-abc.js").write_text("1")
    for ending, text in ((".js", "1"), (".js.br", "brotli"), (".js.gz", "gzip")):
        (folder / "assets" / f"big-abc{ending}").write_text(text)
    (folder / "assets" / "main-abc.js").write_text("1")
    (folder / "assets" / "secret.key").write_text("no page loads this")
    return folder


@pytest.fixture
def app(services: Services, entropy: SerialEntropy, built: Path) -> Boundary:
    return build_app(services, entropy, Pages(built), dispatch_type=CheckedDispatch)


async def test_the_built_pages_are_served(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/inbox/x")).text.endswith("inbox")
    docs = await client.get("/docs")
    assert docs.text.endswith("docs")
    assert "script-src 'self'" in docs.headers["content-security-policy"]


async def test_browsers_cache_a_file_whose_name_has_the_hash_of_its_content(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/static/assets/main-abc.js")
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "nothing.js",
        "../pages.py",
        "%2e%2e/pages.py",
        "..%2fpages.py",
        "assets/../../pages.py",
        "assets/",
        "",
        "inbox.html",
        "app.html",
        "card-frame.html",
        "mail-frame.html",
        "teams/teams.html",
        "assets/secret.key",
        "assets/big-abc.js.br",
        "assets/big-abc.js.gz",
        "assets%2f..%2f..%2fpages.py",
        "/etc/passwd",
        "%00",
    ],
)
async def test_nothing_but_the_built_files_is_served(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.get(f"/static/{path}")
    assert answer.status_code == 404
    assert answer.json()["code"] == "NOT_FOUND"


async def test_the_start_page_leads_to_the_app(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (302, "/app/")


@pytest.mark.parametrize("path", ["/app", "/app/", "/app/inbox/abc", "/app/invitation/t?x=1"])
async def test_every_path_of_the_app_is_its_one_page(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.text.endswith("<p>app")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_each_answer_permits_styles_by_a_nonce_of_its_own(client: httpx2.AsyncClient) -> None:
    answers = [await client.get("/app/") for _ in range(2)]
    nonces = [answer.text.partition('nonce="')[2].partition('"')[0] for answer in answers]
    assert len({*nonces, "", "__NONCE__"}) == 4
    for answer, nonce in zip(answers, nonces, strict=True):
        policy = answer.headers["content-security-policy"].split("; ")
        assert f"style-src 'self' 'nonce-{nonce}'" in policy
        assert {"default-src 'none'", "script-src 'self'", "trusted-types 'none'", "frame-ancestors 'none'"} < {*policy}
        assert not [rule for rule in policy if "unsafe" in rule or "http" in rule]


async def test_the_frame_of_a_card_reaches_nothing_of_the_app(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/card-frame")
    assert answer.text.endswith("<p>frame")
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    policy = answer.headers["content-security-policy"].split("; ")
    expected = {
        "sandbox allow-scripts",
        "default-src 'none'",
        "connect-src 'none'",
        "img-src data:",
        "frame-ancestors 'self'",
        "require-trusted-types-for 'script'",
    }
    assert expected < {*policy}
    assert not [rule for rule in policy if "unsafe" in rule or "http" in rule or "allow-same-origin" in rule]
    assert (await client.get("/inbox/x")).headers["x-frame-options"] == "DENY"


TEAMS = (
    "https://teams.microsoft.com https://*.teams.microsoft.com https://*.cloud.microsoft https://*.office.com "
    "https://*.microsoft365.com"
)

HOSTS_OF_TEAMS = "https://res.cdn.office.net/teams-js/validDomains/json/validDomains.json"


async def test_pages_of_teams_alone_may_frame_the_tab(client: httpx2.AsyncClient) -> None:
    tab = await client.get("/teams/inbox?connection=c-1")
    assert tab.text.endswith("<p>tab")
    assert "__NONCE__" not in tab.text
    assert "x-frame-options" not in tab.headers
    policy = tab.headers["content-security-policy"].split("; ")
    assert f"frame-ancestors {TEAMS}" in policy
    app = (await client.get("/app/")).headers["content-security-policy"].split("; ")
    assert f"connect-src 'self' {HOSTS_OF_TEAMS}" in policy
    others = ("frame-ancestors", "style-src", "connect-src")
    assert [rule for rule in policy if not rule.startswith(others)] == [
        rule for rule in app if not rule.startswith(others)
    ]


async def test_the_frame_of_a_card_in_the_tab_has_teams_around_it_and_reaches_no_more(
    client: httpx2.AsyncClient,
) -> None:
    inner = await client.get("/teams/card-frame")
    assert inner.text.endswith("<p>frame")
    assert "x-frame-options" not in inner.headers
    policy = inner.headers["content-security-policy"]
    usual = (await client.get("/card-frame")).headers["content-security-policy"]
    assert policy == usual.replace("frame-ancestors 'self'", f"frame-ancestors 'self' {TEAMS}")


@pytest.mark.parametrize("path", ["/app/", "/inbox/x", "/docs"])
async def test_no_other_page_may_be_framed(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "DENY"


async def test_the_frame_of_a_mail_runs_no_script_of_it_and_loads_nothing(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/mail-frame")
    assert answer.text.endswith("<p>mail")
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    policy = answer.headers["content-security-policy"].split("; ")
    expected = {
        "sandbox allow-scripts",
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'none'",
        "img-src data:",
        "form-action 'none'",
        "frame-ancestors 'self'",
        "require-trusted-types-for 'script'",
    }
    assert expected < {*policy}
    unsafe = [rule for rule in policy if "unsafe" in rule or "http" in rule or "allow-same-origin" in rule]
    assert unsafe == ["style-src 'self' 'unsafe-inline'"]


async def test_the_frame_which_has_no_origin_may_load_its_files(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/static/assets/main-abc.js", headers={"origin": "null"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1.0, BR;q=0.1", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0.000", None),
        ("identity", None),
        ("brr, xgzip", None),
        ("br;q=2", None),
    ],
)
async def test_a_file_is_sent_in_the_smallest_coding_that_the_browser_reads(
    client: httpx2.AsyncClient, accepted: str, coding: str | None
) -> None:
    async with client.stream("GET", "/static/assets/big-abc.js", headers={"accept-encoding": accepted}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers.get("content-encoding") == coding
    assert raw == {"br": b"brotli", "gzip": b"gzip", None: b"1"}[coding]
    assert answer.headers["vary"] == "accept-encoding"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"


def policy_of(pages: Pages) -> str:
    return dict(pages.inbox().headers)[b"content-security-policy"].decode()


def test_cards_load_images_from_no_other_host_unless_the_administrator_names_it(built: Path) -> None:
    assert "img-src 'self' data:;" in policy_of(Pages(built))
    named = policy_of(Pages(built, ("cdn.example.com", "*.example.org")))
    assert "img-src 'self' https://cdn.example.com https://*.example.org data:;" in named


@pytest.mark.parametrize(
    "host", ["https://a.b", "a.b/c", "a b", "a;script-src *", "*", "'unsafe-inline'", "a.b:x", "é.b"]
)
def test_a_host_for_images_is_a_host_name(host: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings(flags={"card_images": [host]})
    assert "card_images" in str(refused.value)


def test_without_a_build_there_are_plain_pages(tmp_path: Path) -> None:
    pages = Pages(tmp_path)
    assert b"/openapi.json" in pages.docs().body
    assert b"inbox" in pages.inbox().body
    assert b"web app" in pages.app().body
    with pytest.raises(NotFound):
        pages.file("docs.html")


async def test_readiness_reports_whether_the_server_takes_calls(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/healthz/live")).json() == {"message": "live"}
    assert (await client.get("/healthz/ready")).json() == {"message": "ready"}


async def test_a_draining_server_lives_and_is_not_ready(client: httpx2.AsyncClient, services: Services) -> None:
    services.lifecycle.drain()
    ready = await client.get("/healthz/ready")
    assert (ready.status_code, ready.json()["code"]) == (503, "NOT_READY")
    assert ready.headers["retry-after"]
    assert (await client.get("/healthz/live")).status_code == 200


async def test_a_failed_store_makes_the_server_not_ready_with_the_reason(
    client: httpx2.AsyncClient, mine: Caller, store: MemoryStore
) -> None:
    workflow_id = await mine.create(COMPUTING)
    store.commits.fail_next("LOST_BEFORE")
    assert (await mine.post(f"triggerworkflow/{workflow_id}")).status_code == 503
    ready = await client.get("/healthz/ready")
    assert (ready.status_code, ready.json()["message"]) == (503, str(store.failure()))
