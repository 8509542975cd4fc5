"""Streams of people end with their sessions."""

from pathlib import Path

import httpx2
import pytest
from people_kit import Browser, join
from server_kit import PUBLIC_URL, Caller
from stream_kit import FAST, Stream, wait_for_head

from looply.app.context.services import Services
from looply.server.administration.web_pages import Pages
from looply.server.application import build_app
from looply.testing.clock import SerialEntropy


@pytest.mark.parametrize("change", [{"status": "DEACTIVATED"}, {"role": "approver"}])
async def test_a_stream_ends_when_its_person_is_deactivated_or_has_another_role(
    mine: Caller,
    services: Services,
    entropy: SerialEntropy,
    tmp_path: Path,
    change: dict[str, str],
) -> None:
    app = build_app(services, entropy, Pages(tmp_path / "static"), intervals=FAST)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=PUBLIC_URL) as pages:
        organization_id = mine.organization_id
        operator = await join(Browser(pages), services.catalog, organization_id, "operator@example.com", "operator")
        stream = Stream(app, "", "watchOrganization", {"cookie": operator.cookie, "host": pages.base_url.host}, {})
        await wait_for_head(stream)
        assert stream.status == 200
        user_id = (await operator.get("get")).json()["user"]["user_id"]
        assert (await mine.post("changeMember", {"user_id": user_id, **change})).status_code == 200
        assert await stream.all() == []
