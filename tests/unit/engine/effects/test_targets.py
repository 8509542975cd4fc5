"""The targets that lanes lead to, as a process has met them."""

from collections.abc import Mapping

from looply.engine.effects.targets import KnownTargets
from looply.jsontext import Json
from looply.slots import Lane

S4 = Lane("acme", "sap.odata S4")


def base_url(_kind: str, settings: Mapping[str, Json]) -> str:
    return str(settings.get("base_url", ""))


def test_a_queue_that_was_never_called_is_a_target_of_its_own() -> None:
    assert KnownTargets(base_url).lane_of(S4) == S4


def test_the_target_of_a_url_needs_no_call_and_has_no_operation() -> None:
    known = KnownTargets()
    assert known.lane_of(Lane("acme", "http.request https://a:443")) == Lane("acme", "https://a:443")


def test_two_connections_to_one_system_have_one_target_and_two_organizations_have_two() -> None:
    known = KnownTargets(base_url)
    lanes = [S4, Lane("acme", "http.request S4_API"), Lane("umbrella", "sap.odata S4")]
    for lane in lanes:
        known.learn(lane, "sap", {"base_url": "https://s4:443"})
    assert [known.lane_of(lane) for lane in lanes] == [
        Lane("acme", "https://s4:443"),
        Lane("acme", "https://s4:443"),
        Lane("umbrella", "https://s4:443"),
    ]


def test_changed_settings_lead_elsewhere_and_unchanged_ones_are_not_read_again() -> None:
    read: list[str] = []

    def target_of(kind: str, settings: Mapping[str, Json]) -> str:
        read.append(kind)
        return base_url(kind, settings)

    known = KnownTargets(target_of)
    seen: list[tuple[Lane, str]] = []
    known.on_target.append(lambda lane, target: seen.append((lane, target)))
    for url in ("https://old:443", "https://old:443", "https://new:443"):
        known.learn(S4, "sap", {"base_url": url})
    assert known.lane_of(S4) == Lane("acme", "https://new:443")
    assert read == ["sap", "sap"]
    assert seen == [(S4, "https://old:443"), (S4, "https://new:443")]


def test_each_connection_has_its_own_way_to_the_system_and_a_url_has_none() -> None:
    known = KnownTargets(base_url)
    api, by_url = Lane("acme", "http.request S4_API"), Lane("acme", "http.request https://s4:443")
    assert (known.way_of(S4), known.way_of(by_url)) == (None, None)
    for lane in (S4, api, Lane("acme", "sap.batch S4")):
        known.learn(lane, "sap", {"base_url": "https://s4:443"})
    assert known.way_of(S4) == Lane("acme", "https://s4:443 by connection S4")
    assert known.way_of(Lane("acme", "sap.batch S4")) == known.way_of(S4)
    assert known.way_of(api) == Lane("acme", "https://s4:443 by connection S4_API")
    known.learn(S4, "other", {})
    assert known.way_of(S4) is None


def test_a_kind_without_targets_leaves_the_connection_a_target_of_its_own() -> None:
    known = KnownTargets(base_url)
    known.learn(S4, "other", {})
    assert known.lane_of(S4) == S4


def test_only_so_many_targets_are_remembered() -> None:
    known = KnownTargets(base_url)
    for number in range(10_001):
        known.learn(Lane("acme", f"op {number}"), "sap", {"base_url": f"https://{number}:443"})
    assert known.lane_of(Lane("acme", "op 0")) == Lane("acme", "op 0")
    assert known.lane_of(Lane("acme", "op 10000")) == Lane("acme", "https://10000:443")


def test_an_operation_on_a_datastore_leads_to_no_system_whatever_its_name() -> None:
    known = KnownTargets(base_url)
    for lane in (Lane("acme", "datastore.get prices"), Lane("acme", "datastore.set https://s4:443")):
        assert known.knows(lane)
        assert known.lane_of(lane) == lane
