"""The settings of the connection to Temporal, and what is told of an effect."""

from pathlib import Path

import pytest
from temporalio.service import TLSConfig

from looply.engine.dispatch import EffectRef
from looply.engine.temporal import TemporalSettings
from looply.engine.temporal.references import reference_of
from looply.engine.temporal.settings import tls_of
from looply.errors import SettingsError
from looply.settings import Secret


def test_without_tls_nothing_is_encrypted() -> None:
    assert tls_of(TemporalSettings()) is False


def test_certificates_are_read_from_their_files(tmp_path: Path) -> None:
    names = ("tls_ca", "tls_certificate", "tls_key")
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    found = tls_of(TemporalSettings(tls=True, **{name: tmp_path / name for name in names}))
    assert found == TLSConfig(
        server_root_ca_cert=b"tls_ca", client_cert=b"tls_certificate", client_private_key=b"tls_key"
    )


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    settings = TemporalSettings(address="temporal", tls_ca=tmp_path / "gone", tls_key=tmp_path, api_key=Secret("key-1"))
    with pytest.raises(SettingsError) as caught:
        tls_of(settings)
    paths = {problem.path for problem in caught.value.problems}
    assert paths == {f"/temporal_{name}" for name in ("address", "api_key", "tls_ca", "tls_certificate", "tls_key")}
    assert "key-1" not in caught.value.message


@pytest.mark.parametrize("address", ["", "host", "host:", ":7233", "host:0", "host:70000", "host:http"])
def test_an_address_is_host_and_port(address: str) -> None:
    with pytest.raises(SettingsError, match="host:port"):
        tls_of(TemporalSettings(address=address))


def test_temporal_is_told_of_numbers_and_connectors_only() -> None:
    effect = EffectRef("execution", 4, "http.request api.acme.example")
    reference = reference_of(effect, "looply")
    assert (reference.seq, reference.queue) == (4, "looply-http")
    assert "acme" not in reference.lane
    assert reference.lane == reference_of(effect._replace(seq=9), "looply").lane
    assert reference.lane != reference_of(effect._replace(queue="http.request other.example"), "looply").lane
