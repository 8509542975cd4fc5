"""The shipped server and a provider of OpenID Connect by other authors: a person signs in without an invitation."""

import json
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from blackbox.harness.launcher import Server, new_folder
from kit.servers.oidc_provider import OidcProvider


def test_a_person_signs_in_at_a_provider_and_works_with_the_session(tmp_path: Path) -> None:
    made = new_folder(tmp_path / "data")
    with OidcProvider() as oidc:
        provider = {"id": "mock", "label": "Company", "issuer": oidc.issuer, "client_id": "looply"}
        provider |= {"client_secret": "never shown", "just_in_time": True, "organization_id": made["organization_id"]}
        settings = {"LOOPLY_SIGN_IN_PROVIDERS": json.dumps([provider]), "LOOPLY_LOCAL_SIGN_IN": "false"}
        # Nothing of the loopback interface is allowed but the provider.
        server = Server(tmp_path / "data", allow=["192.0.2.1"], **settings)
        try:
            server.start()
            oidc.put_person("buyer", email="buyer@example.com", email_verified=True, name="The buyer")
            with server.connect() as client:
                signed_out = client.get("/v2/session/get").json()["sign_in"]
                assert signed_out == {"local": False, "providers": [{"id": "mock", "label": "Company"}]}
                begun = client.get("/v2/session/start", params={"provider": "mock", "to": "/app/inbox"})
                assert begun.status_code == 302, begun.text
                back = urlsplit(oidc.consent(begun.headers["location"], "buyer"))
                assert f"{back.scheme}://{back.netloc}{back.path}" == f"{server.address}/v2/session/callback"
                ended = client.get(f"{back.path}?{back.query}")
                assert (ended.status_code, ended.headers["location"]) == (302, "/app/inbox")
                session = client.get("/v2/session/get").json()
                assert (session["user"]["email"], session["role"]) == ("buyer@example.com", "viewer")
                oidc.stop()
                failed = client.get(f"{back.path}?{back.query}")
                assert failed.headers["location"] == "/app/sign-in?error=SIGN_IN_EXPIRED"
            assert server.stop() == 0
            assert "never shown" not in server.log_text()
        finally:
            server.close()


def test_a_server_starts_without_its_provider_and_says_so_to_a_person_who_signs_in(tmp_path: Path) -> None:
    made = new_folder(tmp_path / "data")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.setblocking(False)
        provider = {"id": "silent", "label": "Company", "issuer": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        settings = {"LOOPLY_SIGN_IN_PROVIDERS": json.dumps([{**provider, "client_id": "looply"}])}
        server = Server(tmp_path / "data", allow=["192.0.2.1"], **settings)
        try:
            server.start()
            with pytest.raises(BlockingIOError):
                silent.accept()
            with server.connect() as client:
                begun = client.get("/v2/session/start", params={"provider": "silent"})
                assert begun.headers["location"] == "/app/sign-in?error=PROVIDER_UNREACHABLE"
                body = {"token": made["owner_link"].rpartition("/")[2], "name": "The owner", "email": "o@example.com"}
                pages = {"origin": server.address, "sec-fetch-site": "same-origin"}
                accepted = client.post(
                    "/v2/session/acceptInvitation",
                    json={**body, "password": "four unrelated words of mine"},
                    headers={**pages, "x-looply-csrf": ""},
                )
                assert accepted.status_code == 200, accepted.text
            assert server.stop() == 0
        finally:
            server.close()
