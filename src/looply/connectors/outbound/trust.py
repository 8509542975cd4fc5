"""Whose certificates are trusted, for HTTP and for all other protocols alike."""

import ssl

import httpx2


def machine_trust() -> ssl.SSLContext:
    """Returns a context that checks certificates with the machine's authorities.

    It reads no environment: neither `SSL_CERT_FILE` and `SSL_CERT_DIR`, by which others would be trusted, nor
    `SSLKEYLOGFILE`, into which the keys of connections would be written.
    """
    return httpx2.create_ssl_context(trust_env=False)
