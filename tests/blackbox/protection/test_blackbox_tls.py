"""The shipped server with a certificate of its own, and its renewal."""

import json
import os
import signal
import ssl
import time
from pathlib import Path

import httpx2
import pytest

from blackbox.harness.launcher import START_SECONDS, Server, new_folder, run
from kit.servers.certificates import Authority


class TlsServer(Server):
    """A server whose log is awaited instead of its ready call, as its certificate is trusted nowhere else."""

    def wait_for_log(self, event: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not any(f'"{event}"' in line for line in self.log_text().splitlines()):
            assert self.is_running(), self.log_text()
            assert time.monotonic() < deadline, self.log_text()
            time.sleep(0.05)


def test_a_server_with_a_certificate_is_called_by_https_and_takes_a_renewed_one(tmp_path: Path) -> None:
    authority = Authority("Looply's tests")
    certificate, key = authority.issue("localhost").written(tmp_path, "server")
    trust = ssl.create_default_context(cafile=authority.written(tmp_path, "authority"))
    made = new_folder(tmp_path / "data")
    environment = {"LOOPLY_TLS_CERT": str(certificate), "LOOPLY_TLS_KEY": str(key)}
    server = TlsServer(tmp_path / "data", **environment)
    try:
        server.start(until_ready=False)
        server.wait_for_log("listening")
        address = f"https://localhost:{server.port}"
        with httpx2.Client(base_url=address, verify=trust, timeout=60) as client:
            assert client.get("/healthz/ready").status_code == 200
            found = client.get("/v2/workflows/getOrganizationWorkflows", headers={"x-api-key": made["api_key"]})
            assert found.status_code == 200
            assert "strict-transport-security" not in found.headers
            named = client.get("/healthz/live", headers={"host": "looply.example.com"})
            assert named.headers["strict-transport-security"] == "max-age=31536000"
        with pytest.raises(httpx2.TransportError):
            httpx2.get(f"https://localhost:{server.port}/healthz/live", timeout=60)
        with pytest.raises(httpx2.TransportError):
            httpx2.get(f"http://localhost:{server.port}/healthz/live", timeout=60)
        authority.issue("localhost").written(tmp_path, "server")
        os.kill(server.pid, signal.SIGHUP)
        server.wait_for_log("certificate_renewed")
        assert httpx2.get(f"{address}/healthz/live", verify=trust, timeout=60).status_code == 200
        assert server.stop() == 0
        listening = next(line for line in server.log_lines() if line["event"] == "listening")
        assert listening["address"] == f"https://127.0.0.1:{server.port}"
    finally:
        server.close()


def test_a_key_that_every_user_can_read_ends_the_start_with_the_reason(tmp_path: Path) -> None:
    certificate, key = Authority("Looply's tests").issue("localhost").written(tmp_path, "server")
    key.chmod(0o644)
    new_folder(tmp_path / "data")
    environment = {"LOOPLY_TLS_CERT": str(certificate), "LOOPLY_TLS_KEY": str(key)}
    done = run("serve", "--data", tmp_path / "data", "--port", "0", **environment)
    assert done.returncode != 0
    assert f"every user of the machine can read the key {key}" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    for line in done.stderr.splitlines():
        if line.startswith("{"):
            json.loads(line)
