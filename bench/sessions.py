"""Calls by the session of a person beside calls by a key: the CPU of each, in pairs within one process."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from bench.harness.in_process import InProcess, in_process
from bench.harness.scenario import BODY
from bench.pairs import interval
from looply.catalog.people.invitations import InvitationDraft, NewAccount
from looply.catalog.people.sessions import SessionDraft
from looply.server.callers.browser_calls import CSRF_HEADER, SECURE_COOKIE

PAIRS: Final = 20
CALLS: Final = 400
READ_PAIRS: Final = 10
"""Pairs of the cheap call for each of the trigger."""

GOAL: Final = 1.1
_HOST: Final = b"127.0.0.1:8080"

Headers = list[tuple[bytes, bytes]]


def measure_sessions(work: Path, pairs: int = PAIRS, calls: int = CALLS) -> dict[str, Any]:
    """Returns, for a cheap call and for a trigger, the CPU by key and by session in µs, and the mean ratio."""
    return asyncio.run(_measure(work / "sessions", pairs, calls))


async def _measure(data: Path, pairs: int, calls: int) -> dict[str, Any]:
    async with in_process(data) as held:
        key: Headers = [(b"host", _HOST), (b"x-api-key", held.api_key.encode())]
        session = await _session(held)
        body: Headers = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
        read = ("GET", "/v2/workflows/getPermissions", b"")
        trigger = ("POST", held.trigger_path(), BODY)
        return {
            # A read is so cheap that other work of the machine hides the difference in fewer pairs.
            "read": await _compare(held, read, (key, session), READ_PAIRS * pairs, calls // 2),
            "trigger": await _compare(held, trigger, (key + body, session + body), pairs, calls),
        }


async def _session(held: InProcess) -> Headers:
    """Returns the headers of the web app of an owner who has signed in."""
    people = held.services.catalog.people
    drafts = [InvitationDraft("owner@example.com", "owner")]
    (invited,) = await people.invitations.create(held.organization_id, drafts, actor=None, may_make_owners=True)
    account = NewAccount(name="The owner", email="owner@example.com", password_hash="x")
    accepted = await people.invitations.accept(invited.token, account)
    draft = SessionDraft(user_id=accepted.user_id, sign_in="local", address="127.0.0.1", user_agent="bench")
    token = await people.sessions.start(draft)
    principal = await people.sessions.authenticate(token, held.services.clock.now())
    return [
        (b"host", _HOST),
        (b"cookie", SECURE_COOKIE + b"=" + token.encode()),
        (CSRF_HEADER, principal.session.csrf.encode()),
        (b"origin", b"https://" + _HOST),
        (b"sec-fetch-site", b"same-origin"),
    ]


async def _compare(
    held: InProcess, call: tuple[str, str, bytes], sides: tuple[Headers, Headers], pairs: int, calls: int
) -> dict[str, Any]:
    for headers in sides:
        await _cpu(held, call, headers, calls)
    found: list[tuple[float, float]] = []
    for pair in range(pairs):
        order = (0, 1) if pair % 2 == 0 else (1, 0)
        used = {side: await _cpu(held, call, sides[side], calls) for side in order}
        found.append((used[0], used[1]))
    mean, low, high = interval([by_session / by_key for by_key, by_session in found])
    by_key, by_session = (sorted(each)[pairs // 2] for each in zip(*found, strict=True))
    return {"by_key_us": by_key, "by_session_us": by_session, "ratio": mean, "interval": [low, high]}


async def _cpu(held: InProcess, call: tuple[str, str, bytes], headers: Headers, calls: int) -> float:
    """Returns the CPU of the process for one call, in microseconds."""
    begun = time.process_time()
    for _ in range(calls):
        await _send(held, call, headers)
    return (time.process_time() - begun) / calls * 1e6


async def _send(held: InProcess, call: tuple[str, str, bytes], headers: Headers) -> None:
    """Makes a call as a server with TLS receives it. Raises: RuntimeError when it is refused."""
    method, path, body = call
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "scheme": "https", "method": method, "path": path, "query_string": b""}
    await held.app({**scope, "headers": headers}, receive, send)
    if sent[0]["status"] != 200:
        raise RuntimeError(f"{method} {path}: {sent[0]['status']} {msgspec.json.decode(sent[1]['body'])}")


def lines_of(found: dict[str, Any]) -> Iterator[tuple[str, str, str, bool | None]]:
    """Returns the lines of the table: scenario, measured, goal, and whether it is met."""
    for name, each in found.items():
        low, high = each["interval"]
        figures = (
            f"{each['by_session_us']:.0f} / {each['by_key_us']:.0f} µs: {each['ratio']:.3f} ({low:.3f} to {high:.3f})"
        )
        yield f"{name} by a session, over one by a key (CPU)", figures, f"< {GOAL}", each["ratio"] < GOAL
