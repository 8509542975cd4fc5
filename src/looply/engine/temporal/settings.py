"""Settings: the connection to Temporal, and what a worker carries out."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509 import load_pem_x509_certificates
from temporalio.service import TLSConfig

from looply.errors import Problem, SettingsError
from looply.settings import Secret


class TemporalSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The connection to Temporal.

    `address` is host:port. `tls_ca` has the authorities that sign the server's certificate (None: those of the system),
    `tls_certificate` and `tls_key` are this process's own, all in PEM. `task_queue` begins the names of all task
    queues: two installations in one namespace need two.
    """

    address: str = "127.0.0.1:7233"
    namespace: str = "default"
    tls: bool = False
    tls_ca: Path | None = None
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    api_key: Secret | None = None
    task_queue: str = "looply"


class Serving(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker carries out: effects of these connectors, `concurrency` at once.

    `host_concurrency` is how many of them may run at once for one target of an organization.

    `known` has all connectors of the installation: this worker also takes the workflow tasks of the others, which do
    not need the connector.
    """

    connectors: tuple[str, ...]
    known: tuple[str, ...] = ()
    concurrency: int = 128
    host_concurrency: int = 8


def tls_of(settings: TemporalSettings) -> TLSConfig | bool:
    """Returns the encryption of the connection, False for none. Raises: SettingsError with every problem."""
    problems = [*_contradictions(settings)]
    files = {name: _read(settings, name, problems) for name in ("tls_ca", "tls_certificate", "tls_key")}
    problems += _unfit(files)
    if problems:
        raise SettingsError(
            "the settings of Temporal are wrong: " + "; ".join(problem.message for problem in problems),
            problems=tuple(problems),
        )
    if not settings.tls:
        return False
    return TLSConfig(
        server_root_ca_cert=files["tls_ca"], client_cert=files["tls_certificate"], client_private_key=files["tls_key"]
    )


def _contradictions(settings: TemporalSettings) -> list[Problem]:
    found = []
    host, colon, port = settings.address.rpartition(":")
    if not (host and colon and port.isdecimal() and 0 < int(port) < 65536):
        message = f"temporal_address is {settings.address!r}; write host:port, such as temporal.example.com:7233"
        found.append(Problem(path="/temporal_address", message=message))
    if (settings.tls_certificate is None) != (settings.tls_key is None):
        message = "temporal_tls_certificate and temporal_tls_key belong together; give both or none"
        found.append(Problem(path="/temporal_tls_certificate", message=message))
    if not settings.tls:
        needing = ("api_key", "tls_ca", "tls_certificate", "tls_key")
        found += [
            Problem(
                path=f"/temporal_{name}", message=f"temporal_{name} needs an encrypted connection: set temporal_tls"
            )
            for name in needing
            if getattr(settings, name) is not None
        ]
    return found


def _unfit(files: Mapping[str, bytes | None]) -> Iterator[Problem]:
    """Yields the problems of the files' content: the library would report them much later, and not in which file."""
    keys: dict[str, bytes] = {}
    for name, content in files.items():
        if content is None:
            continue
        what = "a key without a password" if name == "tls_key" else "a certificate"
        try:
            keys[name] = _public_key(name, content)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            message = f"temporal_{name} names a file without {what} in PEM"
            yield Problem(path=f"/temporal_{name}", message=message)
    if {"tls_certificate", "tls_key"} <= keys.keys() and keys["tls_certificate"] != keys["tls_key"]:
        message = "temporal_tls_key is the key of another certificate than temporal_tls_certificate"
        yield Problem(path="/temporal_tls_key", message=message)


def _public_key(name: str, content: bytes) -> bytes:
    """Returns the public key of a file's key, or of the first certificate in it. Raises: ValueError, TypeError."""
    if name == "tls_key":
        found = load_pem_private_key(content, password=None).public_key()
    else:
        found = load_pem_x509_certificates(content)[0].public_key()
    return found.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _read(settings: TemporalSettings, name: str, problems: list[Problem]) -> bytes | None:
    path: Path | None = getattr(settings, name)
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"temporal_{name} cannot be read: {path}: {error.strerror or error}"
        problems.append(Problem(path=f"/temporal_{name}", message=message))
        return None
