"""The settings of the connection to Temporal, and the reference of an effect."""

from pathlib import Path

import pytest
from temporalio.service import TLSConfig

from kit.servers.certificates import Authority
from looply.engine.ports.dispatch import EffectRef
from looply.engine.temporal import TemporalSettings
from looply.engine.temporal.references import reference_of
from looply.engine.temporal.settings import tls_of
from looply.errors import SettingsError
from looply.settings import Secret
from looply.slots import Lane


def test_without_tls_nothing_is_encrypted() -> None:
    assert tls_of(TemporalSettings()) is False


AUTHORITY = Authority("An authority")
OWN, OTHER = AUTHORITY.issue("own"), AUTHORITY.issue("other")


def written(folder: Path, **contents: bytes) -> TemporalSettings:
    """Returns settings that name files with these contents."""
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return TemporalSettings(tls=True, **{name: folder / name for name in contents})


def test_certificates_are_read_from_their_files(tmp_path: Path) -> None:
    settings = written(
        tmp_path, tls_ca=AUTHORITY.certificate, tls_certificate=OWN.certificate + AUTHORITY.certificate, tls_key=OWN.key
    )
    assert tls_of(settings) == TLSConfig(
        server_root_ca_cert=AUTHORITY.certificate,
        client_cert=OWN.certificate + AUTHORITY.certificate,
        client_private_key=OWN.key,
    )


@pytest.mark.parametrize(
    ("contents", "path", "message"),
    [
        ({"tls_ca": b"no certificate"}, "/temporal_tls_ca", "a certificate in PEM"),
        ({"tls_ca": b""}, "/temporal_tls_ca", "a certificate in PEM"),
        ({"tls_ca": OWN.key}, "/temporal_tls_ca", "a certificate in PEM"),
        (
            {"tls_certificate": OWN.key, "tls_key": OWN.key},
            "/temporal_tls_certificate",
            "a certificate in PEM",
        ),
        (
            {"tls_certificate": OWN.certificate, "tls_key": OWN.certificate},
            "/temporal_tls_key",
            "a key without a password in PEM",
        ),
        (
            {"tls_certificate": OWN.certificate, "tls_key": OTHER.key},
            "/temporal_tls_key",
            "the key of another certificate",
        ),
        (
            {"tls_certificate": OWN.certificate, "tls_key": OWN.locked("a password")},
            "/temporal_tls_key",
            "a key without a password in PEM",
        ),
    ],
)
def test_a_file_that_holds_something_else_is_named(
    tmp_path: Path, contents: dict[str, bytes], path: str, message: str
) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        tls_of(written(tmp_path, **contents))
    assert [problem.path for problem in caught.value.problems] == [path]
    assert "PRIVATE" not in caught.value.message


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
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


def test_temporal_gets_numbers_and_connectors_only() -> None:
    effect = EffectRef("execution", 4, Lane("acme", "http.request api.acme.example"))
    reference = reference_of(effect, "looply")
    assert (reference.seq, reference.queue) == (4, "looply-http")
    assert "acme" not in reference.lane
    assert reference.lane == reference_of(effect._replace(seq=9), "looply").lane
    other = effect._replace(lane=Lane("umbrella", "http.request other.example"))
    assert reference.lane != reference_of(other, "looply").lane
    assert reference.owner != reference_of(other, "looply").owner
    assert "acme" not in reference.owner
