"""`looply target` against a server."""

from typing import Any

from cli_kit import Command, Looply

SHOP = "https://shop.example:443"
DOWN: dict[str, Any] = {
    "target": SHOP,
    "state": "DOWN",
    "since": 1_700_000_000_000,
    "reason": "CONNECTION: no connection to shop.example could be made",
    "probe_on": 1_700_000_020_000,
    "rate": None,
    "maintenance": None,
    "waiting": 212,
}
WINDOW = {"from": 1_700_000_000_000, "until": 1_700_003_600_000, "reason": "an upgrade", "by": None}
PAUSED = {**DOWN, "state": "PAUSED", "since": None, "reason": None, "probe_on": None, "maintenance": WINDOW}


def test_systems_are_listed_with_what_waits_for_them(run: Command, looply: Looply) -> None:
    looply.answers["getTargets"] = {"count": 2, "items": [DOWN, PAUSED]}
    text = " ".join(run("target", "list", columns=400).out.split())
    for part in (SHOP, "DOWN 212 2023-11-14 22:13:20Z 2023-11-14 22:13:40Z", "CONNECTION: no connection"):
        assert part in text
    for part in ("PAUSED", "212 2023-11-14 23:13:20Z", "an upgrade"):
        assert part in text
    assert run("target", "list", "--json").document == {"count": 2, "items": [DOWN, PAUSED]}


def test_no_system_is_no_list(run: Command, looply: Looply) -> None:
    looply.answers["getTargets"] = {"count": 0, "items": []}
    done = run("target", "list")
    assert (done.status, done.out) == (0, "")
    assert "no systems" in done.err


def test_a_system_is_paused_drained_and_released(run: Command, looply: Looply) -> None:
    for name, state in (("pauseTarget", "PAUSED"), ("drainTarget", "DRAINING")):
        looply.answers[name] = {"target": SHOP, "state": state}
    options = ("--from", "2023-11-14T22:13:20Z", "--until", "2023-11-14T23:13:20Z", "--reason", "an upgrade")
    assert "PAUSED" in run("target", "pause", "S4", *options).out
    window = {"from": 1_700_000_000_000, "until": 1_700_003_600_000, "reason": "an upgrade"}
    assert looply.calls[-1] == ("pauseTarget", {}, {"target": "S4", **window})
    assert "DRAINING" in run("target", "drain", SHOP, "--rate", "2.5").out
    assert looply.calls[-1] == ("drainTarget", {}, {"target": SHOP, "rate": 2.5})
    for was_stopped, said in ((True, "yes"), (False, "no, it was called as usual")):
        looply.answers["releaseTarget"] = {"target": SHOP, "was_stopped": was_stopped}
        assert said in run("target", "release", SHOP).out
    assert looply.calls[-1] == ("releaseTarget", {}, {"target": SHOP})
