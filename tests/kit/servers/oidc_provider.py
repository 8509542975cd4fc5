"""A provider of OpenID Connect by other authors, in a process of its own on the loopback interface.

with OidcProvider() as provider:
    provider.put_person("anna", email="anna@example.com", email_verified=True)
    address = provider.consent(authorization_url, "anna")
"""

import os
import subprocess
import sys
import time
from contextlib import suppress
from typing import Any

import httpx2

from kit.servers.held_port import HeldPort

START_SECONDS = 120.0


class OidcProvider:
    """The provider `oidc-provider-mock`: it accepts every client, and every person who enters a subject."""

    def __init__(self) -> None:
        self._held = HeldPort()
        self.issuer = f"http://127.0.0.1:{self._held.number}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "OidcProvider":
        command = [sys.executable, "-m", "oidc_provider_mock", "--host", "127.0.0.1", "--port", str(self._held.number)]
        environment = {**os.environ, "AUTHLIB_INSECURE_TRANSPORT": "1"}
        self._process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            assert self._process.poll() is None, "the provider has ended"
            assert time.monotonic() < deadline, "the provider does not answer"
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends the process if it still runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def put_person(self, subject: str, **claims: Any) -> None:
        """Replaces the claims of a person."""
        answer = httpx2.put(f"{self.issuer}/users/{subject}", json=claims, timeout=60)
        assert answer.status_code == 204, answer.text

    def consent(self, address: str, subject: str) -> str:
        """Signs a person in on the provider's page, and returns the address to which it leads the browser."""
        answer = httpx2.post(address, data={"sub": subject}, timeout=60)
        assert answer.status_code == 302, answer.text
        return str(answer.headers["location"])

    def deny(self, address: str) -> str:
        """Refuses on the provider's page, and returns the address to which it leads the browser."""
        answer = httpx2.post(address, data={"action": "deny"}, timeout=60)
        assert answer.status_code == 302, answer.text
        return str(answer.headers["location"])

    def _is_ready(self) -> bool:
        try:
            return httpx2.get(f"{self.issuer}/jwks", timeout=30).status_code == 200
        except httpx2.TransportError:
            return False
