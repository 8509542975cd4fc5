"""TLS of the server itself: its certificate with the key, and their renewal while it serves.

Theory of operation. Each handshake asks `_choose` for the pair, so a new pair is used for new connections, and open
connections keep theirs. A pair is replaced as a whole, once certificate and key have been read and fit each other: a
program that renews certificates writes one file after the other.
"""

import ssl
import stat
from pathlib import Path
from typing import Any, Final

import structlog

from looply.errors import Problem, SettingsError
from looply.settings import Settings

_log = structlog.get_logger(__name__)

_PROTOCOLS: Final = ["http/1.1"]
_Stamp = tuple[tuple[int, int, int], ...]


class ServerTls:
    """The certificate of the server. `context` is for the listener. Raises: SettingsError for a pair without use."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self._certificate = certificate
        self._key = key
        self._stamp = self._read_stamp()
        self._current = load_pair(certificate, key)
        self.context = load_pair(certificate, key)
        self.context.sni_callback = self._choose

    def check(self) -> None:
        """Reads the files again if one of them has changed. Unchanged ones cost two calls of the file system."""
        if self._read_stamp() != self._stamp:
            self.reload()

    def reload(self) -> None:
        """Uses what the files contain now for new connections; a pair that cannot be used is logged and left out."""
        self._stamp = self._read_stamp()
        try:
            self._current = load_pair(self._certificate, self._key)
        except SettingsError as error:
            _log.error("certificate_not_renewed", error=error.message)
        else:
            _log.info("certificate_renewed", certificate=str(self._certificate))

    def _choose(self, connection: Any, name: str | None, context: ssl.SSLContext) -> None:  # noqa: ARG002
        connection.context = self._current

    def _read_stamp(self) -> _Stamp:
        """Returns what changes when a file is written or replaced; a file that is missing has the same stamp always."""
        found = []
        for path in (self._certificate, self._key):
            try:
                status = path.stat()
            except OSError:
                found.append((0, 0, 0))
            else:
                found.append((status.st_ino, status.st_mtime_ns, status.st_size))
        return tuple(found)


def server_tls(settings: Settings) -> ServerTls | None:
    """Returns the TLS that the settings describe, None for a server without. Raises: SettingsError."""
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    return ServerTls(settings.tls_cert, settings.tls_key)


def load_pair(certificate: Path, key: Path) -> ssl.SSLContext:
    """Returns the context of a certificate, with those of its issuers after it, and of its key; TLS 1.2 or newer.

    Raises: SettingsError when a file cannot be read or is no PEM, when the key has a passphrase, is not that of the
    certificate, or can be read by every user of the machine.
    """
    _check_readable("tls_cert", certificate)
    _check_readable("tls_key", key)
    mode = stat.S_IMODE(key.stat().st_mode)
    if mode & stat.S_IRWXO:
        raise _error("tls_key", f"every user of the machine can read the key {key} (mode {mode:04o}): chmod o= {key}")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(_PROTOCOLS)
    try:
        context.load_cert_chain(certificate, key, password=_refuse_passphrase)
    except _HasPassphrase as error:
        raise _error("tls_key", f"the key {key} has a passphrase; store it without one, readable by Looply") from error
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise _error("tls_key", f"the key {key} is not that of the certificate {certificate}") from error
        message = f"{certificate} and {key} are no certificate and key in PEM: {error.reason or error}"
        raise _error("tls_cert", message) from error
    return context


class _HasPassphrase(Exception):
    """The key can be read with a passphrase only."""


def _refuse_passphrase() -> str:
    raise _HasPassphrase


def _check_readable(setting: str, path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise _error(setting, f"the file {path} cannot be read: {error.strerror}") from error


def _error(setting: str, message: str) -> SettingsError:
    return SettingsError(f"{setting}: {message}", problems=(Problem(path=f"/{setting}", message=message),))
