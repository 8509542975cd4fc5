"""The certificate of the server: what is refused, and how a new one is taken while it serves."""

import asyncio
import os
import signal
import ssl
from pathlib import Path

import pytest
from test_server_serving import GET, PATIENT, SOON, Served, serving, status_of

from kit.servers.certificates import Authority
from looply.errors import SettingsError
from looply.server.connection.tls import ServerTls, load_pair
from looply.settings import Settings, load_settings

AUTHORITY = Authority("Looply's tests")


def written(folder: Path, name: str = "server") -> tuple[Path, Path]:
    return AUTHORITY.issue("localhost").written(folder, name)


def with_tls(pair: tuple[Path, Path]) -> Settings:
    return load_settings(
        flags={"port": 0, "drain_seconds": 5, "tls_cert": pair[0], "tls_key": pair[1], "data": Path("unused")}
    )


def trust(folder: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=AUTHORITY.written(folder, "authority"))


async def serial_number(served: Served, context: ssl.SSLContext) -> str:
    """Returns the serial number of the certificate that a new connection gets, after an answer to a request."""
    port = int(served.address.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
    writer.write(GET + b"Connection: close\r\n\r\n")
    assert status_of(await asyncio.wait_for(reader.read(), SOON)) == 200
    number: str = writer.get_extra_info("peercert")["serialNumber"]
    writer.close()
    return number


async def test_a_server_with_a_certificate_speaks_https_and_takes_a_new_certificate_at_sighup(tmp_path: Path) -> None:
    pair = written(tmp_path)
    async with serving(with_tls(pair)) as served:
        assert served.address.startswith("https://127.0.0.1:")
        context = trust(tmp_path)
        before = await serial_number(served, context)
        assert await serial_number(served, context) == before
        written(tmp_path)
        os.kill(os.getpid(), signal.SIGHUP)
        # The signal is handled in a turn of the loop; each handshake takes several.
        numbers = [await serial_number(served, context) for _ in range(5)]
        assert numbers[-1] != before


async def test_plain_http_gets_no_answer_from_a_server_with_a_certificate(tmp_path: Path) -> None:
    async with serving(with_tls(written(tmp_path))) as served:
        assert not (await served.exchange(GET, b"\r\n")).startswith(b"HTTP/1.1")


def test_versions_of_tls_below_1_2_are_off(tmp_path: Path) -> None:
    tls = ServerTls(*written(tmp_path))
    assert {each.minimum_version for each in (tls.context, tls._current)} == {ssl.TLSVersion.TLSv1_2}


async def test_a_server_without_a_certificate_leaves_sighup_alone() -> None:
    before = signal.getsignal(signal.SIGHUP)
    async with serving(PATIENT):
        assert signal.getsignal(signal.SIGHUP) is before


def test_changed_files_are_read_at_the_next_check(tmp_path: Path) -> None:
    tls = ServerTls(*written(tmp_path))
    first = tls._current
    tls.check()
    assert tls._current is first
    written(tmp_path)
    tls.check()
    assert tls._current is not first


def test_a_pair_that_cannot_be_used_does_not_replace_the_one_in_use(tmp_path: Path) -> None:
    """A program that renews certificates writes one file after the other."""
    certificate, key = written(tmp_path)
    tls = ServerTls(certificate, key)
    first = tls._current
    new_certificate, new_key = written(tmp_path, "new")
    certificate.write_bytes(new_certificate.read_bytes())
    tls.check()
    assert tls._current is first
    key.write_bytes(new_key.read_bytes())
    tls.check()
    assert tls._current is not first
    renewed = tls._current
    key.unlink()
    tls.check()
    tls.check()
    assert tls._current is renewed


def test_a_certificate_that_is_replaced_by_a_link_is_read_again(tmp_path: Path) -> None:
    certificate, key = written(tmp_path, "first")
    links = tmp_path / "live.pem", tmp_path / "live.key"
    for link, target in zip(links, (certificate, key), strict=True):
        link.symlink_to(target)
    tls = ServerTls(*links)
    first = tls._current
    for link, target in zip(links, written(tmp_path, "second"), strict=True):
        link.unlink()
        link.symlink_to(target)
    tls.check()
    assert tls._current is not first


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o606, 0o601])
def test_a_key_that_every_user_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    certificate, key = written(tmp_path)
    key.chmod(mode)
    with pytest.raises(SettingsError, match=rf"every user of the machine can read the key .*{mode:o}.*chmod o="):
        load_pair(certificate, key)
    key.chmod(0o640)
    load_pair(certificate, key)


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    certificate, key = written(tmp_path)
    _, other_key = written(tmp_path, "other")
    locked = tmp_path / "locked.key"
    locked.touch(mode=0o600)
    locked.write_bytes(AUTHORITY.issue("localhost").locked("secret"))
    noise = tmp_path / "noise.pem"
    noise.touch(mode=0o600)
    noise.write_text("no certificate")
    for pair, path, words in (
        ((tmp_path / "missing.pem", key), "/tls_cert", "cannot be read: No such file"),
        ((certificate, tmp_path / "missing.key"), "/tls_key", "cannot be read: No such file"),
        ((certificate, other_key), "/tls_key", "is not that of the certificate"),
        ((certificate, locked), "/tls_key", "has a passphrase"),
        ((noise, key), "/tls_cert", "no certificate and key in PEM"),
        ((certificate, noise), "/tls_cert", "no certificate and key in PEM"),
    ):
        with pytest.raises(SettingsError, match=words) as raised:
            load_pair(*pair)
        assert [problem.path for problem in raised.value.problems] == [path]


@pytest.mark.parametrize(("given", "missing"), [("tls_cert", "tls_key"), ("tls_key", "tls_cert")])
def test_one_of_the_two_settings_is_not_enough(given: str, missing: str) -> None:
    with pytest.raises(SettingsError, match=f"{given} is given without {missing}") as raised:
        load_settings(flags={given: "server.pem"})
    assert [problem.path for problem in raised.value.problems] == [f"/{missing}"]
