"""Checks that a call is refused with statuses only that its route declares, which is what `openapi.json` says."""

from typing import Final

import httpx2

from looply.server.application import all_routes
from looply.server.description.openapi import refusal_statuses
from looply.server.http.routing import RouteTable

ROUTES: Final = RouteTable(all_routes())


async def check_status(response: httpx2.Response) -> None:
    """Checks the status of an answer; a 500 is a defect that some tests make, and no call declares it."""
    status, path = response.status_code, response.request.url.path
    found = ROUTES.find(path)
    branch = found.branch(response.request.method) if found is not None else None
    if found is None or branch is None or not branch.leads_to(found.rest) or status < 400 or status == 500:
        return
    declared = refusal_statuses(branch.route(found.rest))
    assert status in declared, f"{path} does not declare {status}, but {sorted(declared)}"
