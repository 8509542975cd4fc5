"""What the pages of executions take in Chromium: a large one, its slider, rows of the history, the stream, memory.

The server has its cores, Chromium that of the clients. Times are those of the page itself, up to the frame that shows
what was asked for; the one from a call to its row on the screen begins when the call is sent.
"""

import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx2

from bench.harness.filling import Folder, make_folder
from bench.harness.load import run
from bench.harness.scenario import PAYLOAD, orders
from bench.harness.servers import looply
from bench.pages.profiling import profiled
from bench.pages.visitor import Visitor, invite_owner, visiting
from bench.scale.searching import STORED, fill_orders
from bench.speed import Figures, Plan
from looply.cli.measuring.bench_regions import regions

if TYPE_CHECKING:
    from playwright.sync_api import Page

OPENINGS: Final = 5
SCRUBS: Final = 90
PAGES: Final = 50
EVENTS: Final = 20
HEADS: Final = 100_000

_CALLS: Final = "/v2/workflows"
_DAYS: Final = timedelta(days=90)
_BETWEEN_SECONDS: Final = 1.3
"""Between two changes: a stream sends once a second, and each change meets it at another moment of the second."""

_IS_WHOLE: Final = "document.querySelector('output') !== null && document.querySelector('[data-step]') !== null"
_UNTIL: Final = """
const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
const until = async (isSo) => { while (!isSo()) await frame(); await frame(); };
"""
_OPEN: Final = f"""
async () => {{ {_UNTIL} await until(() => {_IS_WHOLE}); return performance.now(); }}
"""
"""Since the beginning of the navigation, with the files of the app."""
_SCRUB: Final = f"""
async (steps) => {{
  {_UNTIL}
  const slider = document.querySelector("input[type=range]");
  const {{ set }} = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value");
  const took = [];
  for (let step = 1; step <= steps; step += 1) {{
    const place = Math.round((Number(slider.max) * step) / (steps + 1));
    const begun = performance.now();
    set.call(slider, String(place));
    slider.dispatchEvent(new Event("input", {{ bubbles: true }}));
    await until(() => document.querySelector("output").textContent.startsWith(`${{place}} of`));
    took.push(performance.now() - begun);
  }}
  return took;
}}
"""
_SCROLL: Final = f"""
async (pages) => {{
  {_UNTIL}
  const long = [];
  new PerformanceObserver((list) => long.push(...list.getEntries().map(({{ duration }}) => duration)))
    .observe({{ type: "longtask" }});
  const box = document.querySelector("table").parentElement;
  const loaded = () => Number(document.querySelector("footer [role=status]").textContent.replace(/\\D/g, ""));
  const took = [];
  for (let page = 1; page <= pages; page += 1) {{
    const before = loaded();
    const begun = performance.now();
    box.scrollTop = box.scrollHeight;
    await until(() => loaded() > before);
    took.push(performance.now() - begun);
  }}
  return {{ took, long, rows: document.querySelectorAll("tbody tr").length }};
}}
"""
_WATCH: Final = f"""
(name) => {{
  {_UNTIL}
  const isDone = () => [...document.querySelectorAll("tbody tr")].some(
    ({{ textContent }}) => textContent.includes(name) && textContent.includes("Completed"));
  globalThis.shown = until(isDone).then(() => Date.now());
}}
"""
_REPLAY: Final = f"""
async ({{ rows, count }}) => {{
  {_UNTIL}
  for (let at = 0; at < count; at += 50) {{
    for (let number = at; number < at + 50; number += 1) {{
      const row = {{ ...rows[number % rows.length], seq: 1000 + number }};
      if (number % 2) Object.assign(row, {{ workflow_execution_id: `other-${{number}}`, created_on: Date.now() }});
      globalThis.replayed.onmessage({{ data: JSON.stringify(row) }});
    }}
    await frame();
  }}
}}
"""


def measure_pages(plan: Plan, count: int = STORED, profiles: Path | None = None) -> Figures:
    """Returns the figures of the pages, with so many executions stored; `profiles`: a folder for CPU profiles."""
    _, items = regions()
    folder = run(make_folder(plan.work / "pages", {**orders(), "items": items.definition}))
    run(fill_orders(folder, count, _DAYS))
    token = run(invite_owner(folder))
    with looply(folder.data, plan.work / "pages.log") as server, httpx2.Client(timeout=120.0) as client:
        client.headers["x-api-key"] = folder.api_key
        client.base_url = f"http://127.0.0.1:{server.port}"
        large = _completed(client, folder, items.body)
        with visiting(server, token) as visitor:
            return {
                "stored": count,
                **_large(visitor, large, profiles),
                **_history(visitor, profiles),
                "event_ms": _events(visitor, client, folder),
                **_memory(visitor, client),
            }


def _completed(client: httpx2.Client, folder: Folder, body: Any) -> str:
    """Returns the id of a large execution that has completed."""
    answer = client.post(folder.trigger_path("items"), json=body, params={"wait": "PT60S"}).json()
    if answer.get("status") != "COMPLETED":
        raise RuntimeError(f"the large execution is {answer}")
    return str(answer["looply_execution_id"])


def _large(visitor: Visitor, execution_id: str, profiles: Path | None) -> Figures:
    opened: list[float] = []
    scrubbed: list[float] = []
    entries = 0
    for _ in range(OPENINGS):
        with visitor.page() as page:
            with profiled(page, profiles, "open"):
                page.goto(f"{visitor.address}/app/executions/{execution_id}")
                opened.append(float(page.evaluate(_OPEN)))
            with profiled(page, profiles, "slider"):
                scrubbed += page.evaluate(_SCRUB, SCRUBS)
            entries = int(page.get_by_role("slider").get_attribute("max") or 0)
    return {
        "entries": entries,
        "open_ms": _quantiles(opened),
        "scrub_ms": _quantiles(scrubbed),
        "scrubs_per_second": round(1000 * len(scrubbed) / sum(scrubbed), 1),
    }


def _history(visitor: Visitor, profiles: Path | None) -> Figures:
    with visitor.page() as page:
        page.goto(f"{visitor.address}/app/executions")
        page.locator("tbody tr a").first.wait_for()
        with profiled(page, profiles, "history"):
            found = page.evaluate(_SCROLL, PAGES)
    return {
        "pages": PAGES,
        "page_ms": _quantiles(found["took"]),
        "longest_task_ms": round(max(found["long"], default=0.0), 1),
        "rows_drawn": found["rows"],
    }


def _events(visitor: Visitor, client: httpx2.Client, folder: Folder) -> Figures:
    """Returns the time from a call that resumes an execution until its row on the screen says that it has completed."""
    took = []
    with visitor.page() as page:
        names = [f"EVENT-{number:02}" for number in range(EVENTS)]
        for name in names:
            started = client.post(folder.trigger_path("asking"), json=PAYLOAD, params={"process_id": name})
            started.raise_for_status()
        page.goto(f"{visitor.address}/app/executions?q=%5B%22EVENT-*%22%5D")
        page.get_by_role("link", name=names[0]).wait_for()
        for name in names:
            time.sleep(_BETWEEN_SECONDS)
            page.evaluate(_WATCH, name)
            sent = time.time() * 1000
            client.post(f"{_CALLS}/resumeWorkflow/{name}", json={"payload": {"source": "SAP"}}).raise_for_status()
            took.append(page.evaluate("globalThis.shown") - sent)
    return _quantiles(took)


def _memory(visitor: Visitor, client: httpx2.Client) -> Figures:
    """Returns the memory of a page before and after it was given very many heads."""
    rows = client.get(f"{_CALLS}/getExecutionRows", params={"limit": "100"}).json()["items"]
    with visitor.page(is_replayed=True) as page:
        page.goto(f"{visitor.address}/app/executions")
        page.locator("tbody tr a").first.wait_for()
        before = _heap_mib(page)
        page.evaluate(_REPLAY, {"rows": rows, "count": HEADS})
        return {"heads": HEADS, "heap_mib": [before, _heap_mib(page)]}


def _heap_mib(page: "Page") -> float:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    return round(float(metrics["JSHeapUsedSize"]) / 2**20, 1)


def _quantiles(spans: Sequence[float]) -> Figures:
    found = sorted(spans)
    return {"p50": round(found[len(found) // 2]), "p95": round(found[len(found) * 95 // 100])}
