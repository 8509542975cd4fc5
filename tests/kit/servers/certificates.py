"""Certificates for tests: authorities that are trusted nowhere else, and what they sign, valid for a day.

authority = Authority("Looply's tests")
server = authority.issue("localhost")
paths = server.written(folder)
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)
LOOPBACK = IPv4Address("127.0.0.1")


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, in PEM."""

    certificate: bytes
    key: bytes

    def locked(self, password: str) -> bytes:
        """Returns the key behind a password."""
        key = load_pem_private_key(self.key, password=None)
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password.encode()))

    def written(self, folder: Path, name: str) -> tuple[Path, Path]:
        """Writes both into a folder and returns where they are; the key is for its owner alone."""
        paths = (folder / f"{name}.pem", folder / f"{name}.key")
        for path, content in zip(paths, (self.certificate, self.key), strict=True):
            path.touch(mode=0o600)
            path.write_bytes(content)
        return paths


class Authority:
    """One that signs certificates."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(name)
        usage = x509.BasicConstraints(ca=True, path_length=0)
        self.certificate = _pem(self._signed(self._name, self._key, usage))

    def issue(self, name: str, *, is_local: bool = True, lasts: timedelta = DAY) -> Pair:
        """Returns a certificate for a name; unless `is_local` is false, for the loopback address beside it."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName(name), *([x509.IPAddress(LOOPBACK)] if is_local else [])]
        signed = self._signed(_named(name), key, x509.SubjectAlternativeName(names), lasts)
        return Pair(_pem(signed), key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    def written(self, folder: Path, name: str) -> Path:
        """Writes the certificate of the authority into a folder and returns where it is."""
        path = folder / f"{name}.pem"
        path.write_bytes(self.certificate)
        return path

    def _signed(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        extension: x509.ExtensionType,
        lasts: timedelta = DAY,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            # Clocks of machines and containers need not agree to the second.
            .not_valid_before(now - DAY)
            .not_valid_after(now + lasts)
            .add_extension(extension, critical=False)
            .sign(self._key, SHA256())
        )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)
