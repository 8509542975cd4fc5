"""What the Studio takes in Chromium for workflows of 300, 1,000 and 2,000 steps: to open, to pan, to insert, to type.

Times are those of the page itself. A step counts as inserted, and a workflow as drawn, with the first frame that shows
it: the page looks before each frame, and the time is taken once that frame is painted. A key counts from its event to
the painted frame that shows it, in a browser whose frames wait for no screen, so that all of it is work. At 60 Hz it
counts without the wait for the frame to begin; its end can still wait there for the frame before it. Keys come slower
than the document takes them over, so that the longest task has what a change of the document costs too: the canvas, the
findings, the journal.

A key that inserts is pressed when the page is at rest, as it is for every person.

Every wait has a bound, and its error says what did not appear. A workflow of as many steps as there may be takes no
further one, so that nothing is inserted there.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx2
from playwright.sync_api import TimeoutError as TimeoutOfPage

from bench.harness.filling import make_folder
from bench.harness.load import run
from bench.harness.servers import looply
from bench.pages.profiling import profiled
from bench.pages.visitor import Visitor, invite_owner, visiting
from bench.speed import Figures, Plan
from looply.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from playwright.sync_api import Page

SIZES: Final = (300, 1_000, 2_000)
OPENINGS: Final = 3
FRAMES: Final = 120
INSERTS: Final = 8
KEYS: Final = 30

_BETWEEN_KEYS_MS: Final = 200
"""More than the rest after which a typed text is taken over, which is 150 ms."""
_LONGEST_WAIT_SECONDS: Final = 60
_EDITOR_MS: Final = 5_000
_CALLS: Final = "/v2/workflows"
_START: Final = {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}}

_WITHIN: Final = f"""
const within = (work, what) => {{
  const late = new Promise((_, refuse) => setTimeout(
    () => refuse(new Error(`${{what}} within {_LONGEST_WAIT_SECONDS} seconds`)), {1000 * _LONGEST_WAIT_SECONDS}));
  return Promise.race([work, late]);
}};
"""
_UNTIL: Final = f"""
{_WITHIN}
const until = (isSo) => new Promise((done) => {{
  const look = () => {{
    if (!isSo()) {{
      requestAnimationFrame(look);
      return;
    }}
    const {{port1, port2}} = new MessageChannel();
    port1.onmessage = () => done(performance.now());
    port2.postMessage(null);
  }};
  requestAnimationFrame(look);
}});
"""
_OPEN: Final = f"""
async () => {{
  {_UNTIL}
  const isDrawn = () => document.querySelector("[data-area=canvas] button[data-step]") !== null;
  const drawn = await within(until(isDrawn), "no step was drawn");
  const read = performance.getEntriesByType("resource").filter(({{name}}) => name.includes("exportWorkflow"));
  return {{opened: drawn, painted: drawn - read.at(-1).responseEnd}};
}}
"""
"""Since the beginning of the navigation, with the files of the app in the cache; and since the definition is there."""
_PAN: Final = f"""
async (frames) => {{
  {_WITHIN}
  const box = document.querySelector("[data-area=canvas] section");
  const frame = () => new Promise(requestAnimationFrame);
  const panned = async () => {{
    const took = [];
    let [before, by] = [await frame(), 36];
    for (let number = 0; number < frames; number += 1) {{
      if (box.scrollTop + box.clientHeight >= box.scrollHeight - 1) by = -36;
      box.scrollTop += by;
      const now = await frame();
      took.push(now - before);
      before = now;
    }}
    return took;
  }};
  return within(panned(), `the ${{frames}} frames of panning were not drawn`);
}}
"""
_AT_REST: Final = "() => new Promise((done) => requestIdleCallback(done, {timeout: 2000}))"
"""Waits for the work that an earlier key has left: no person is as fast as the measurement."""
_WATCH_INSERT: Final = f"""
() => {{
  {_UNTIL}
  globalThis.inserted = new Promise((done) => addEventListener("keydown", async () => {{
    const begun = performance.now();
    const isThere = () => document.querySelector("[data-step=delay_1]") !== null;
    done(await until(isThere) - begun);
  }}, {{capture: true, once: true}}));
}}
"""
_INSERTED: Final = f"""
() => {{ {_WITHIN} return within(globalThis.inserted, "the inserted step delay_1 did not appear"); }}
"""
_WATCH_KEYS: Final = """
() => {
  const took = [], whole = [], long = [];
  let begun = 0;
  addEventListener("keydown", () => { begun = performance.now(); }, true);
  addEventListener("input", () => {
    const {port1, port2} = new MessageChannel();
    port1.onmessage = () => {
      const work = performance.now() - begun;
      requestAnimationFrame(() => {
        const drawn = performance.now();
        const {port1: next, port2: send} = new MessageChannel();
        next.onmessage = () => {
          const painted = performance.now();
          whole.push(painted - begun);
          took.push(work + painted - drawn);
        };
        send.postMessage(null);
      });
    };
    port2.postMessage(null);
  }, true);
  new PerformanceObserver((list) => long.push(...list.getEntries().map(({duration}) => duration)))
    .observe({type: "longtask"});
  globalThis.keys = {took, whole, long};
}
"""
_TYPED: Final = f"""
(count) => {{
  {_UNTIL}
  const {{keys}} = globalThis;
  const drawn = within(until(() => keys.took.length >= count), `not all of the ${{count}} typed keys were drawn`);
  return drawn.then(() => keys);
}}
"""


def measure_studio(plan: Plan, profiles: Path | None = None) -> Figures:
    """Returns the figures of the Studio, by the number of steps; `profiles`: a folder for CPU profiles."""
    folder = run(make_folder(plan.work / "studio"))
    token = run(invite_owner(folder))
    with looply(folder.data, plan.work / "studio.log") as server, httpx2.Client(timeout=120.0) as client:
        client.headers["x-api-key"] = folder.api_key
        client.base_url = f"http://127.0.0.1:{server.port}"
        drafts = {size: _draft(client, size) for size in SIZES}
        with visiting(server, token) as visitor:
            return {str(size): _measured(visitor, workflow_id, size, profiles) for size, workflow_id in drafts.items()}


def steps_of(size: int) -> dict[str, Any]:
    """Returns a definition of so many steps: conditions whose branches meet again, with calls and waits after them."""
    steps: list[dict[str, Any]] = [_START]
    edges: list[dict[str, str]] = []
    last = "WorkflowStartState"

    def add(kind: str, settings: dict[str, Any]) -> str:
        name = f"{kind}_{len(steps)}"
        steps.append({"id": name, "type": kind, "description": f"Step {len(steps)}", "settings": settings})
        return name

    def lead(before: str, after: str, branch: str = "next") -> None:
        edges.append({"from": before, "to": after, "branch": branch})

    while len(steps) + 5 <= size:
        rule = {"variable": "${payload.output.amount}", "operator": "NumericGreaterThan", "value": len(steps)}
        choice = add("conditional", {"rules": [rule]})
        large = add("httpRequest", {"method": "POST", "url": "https://example.com/orders/${payload.output.po}"})
        small = add("email", {"to": ["${payload.output.buyer}"], "subject": "Order ${payload.output.po}"})
        after, wait = add("httpRequest", {"url": "https://example.com/rates"}), add("delay", {"for": "PT1H"})
        lead(last, choice)
        lead(choice, large, "yes")
        lead(choice, small, "no")
        lead(large, after)
        lead(small, after)
        lead(after, wait)
        last = wait
    while len(steps) < size:
        wait = add("delay", {"for": "PT1H"})
        lead(last, wait)
        last = wait
    return {"workflow_name": f"Orders in {size} steps", "workflow_steps": steps, "workflow_connections": edges}


def _draft(client: httpx2.Client, size: int) -> str:
    body = {"definition": steps_of(size), "incomplete": True}
    answer = client.post(f"{_CALLS}/createWorkflow", json=body)
    answer.raise_for_status()
    return str(answer.json()["item"]["workflow_id"])


def _measured(visitor: Visitor, workflow_id: str, size: int, profiles: Path | None) -> Figures:
    address = f"{visitor.address}/app/workflows/{workflow_id}/v/1"
    with visitor.page() as page:
        # The first one loads the files.
        _opened(page, address)
        with profiled(page, profiles, f"studio-{size}-open"):
            opened = [_opened(page, address) for _ in range(OPENINGS)]
        drawn = page.locator("button[data-step]").count()
        with profiled(page, profiles, f"studio-{size}-pan"):
            panned = [float(span) for span in page.evaluate(_PAN, FRAMES)]
        with profiled(page, profiles, f"studio-{size}-insert"):
            inserted = [_inserted(page) for _ in range(INSERTS if size < DEFAULT_LIMITS.definition_steps else 0)]
        screen = _typed(page)
    with visitor.without_screen() as swift, swift.page() as page:
        _opened(page, address)
        _opened(page, address)
        keys = _typed(page, profiles, f"studio-{size}-keys")
    return {
        "nodes_drawn": drawn,
        "open_ms": _quantiles([each["opened"] for each in opened]),
        "paint_ms": _quantiles([each["painted"] for each in opened]),
        "pan_ms": _quantiles(panned),
        **({"insert_ms": _quantiles(inserted)} if inserted else {}),
        "key_ms": _quantiles(keys["whole"]),
        "key_at_60_hz_ms": _quantiles(screen["took"]),
        "longest_task_ms": round(max(keys["long"], default=0.0)),
    }


def _opened(page: "Page", address: str) -> dict[str, float]:
    page.goto(address)
    found: dict[str, float] = page.evaluate(_OPEN)
    return found


def _inserted(page: "Page") -> float:
    """Returns the time from the key that chooses a step to the frame that shows it."""
    page.locator("[data-step=WorkflowStartState]").focus()
    page.keyboard.press("a")
    page.get_by_role("dialog").get_by_role("combobox").fill("delay")
    page.evaluate(_AT_REST)
    page.evaluate(_WATCH_INSERT)
    page.keyboard.press("Enter")
    took = float(page.evaluate(_INSERTED))
    page.keyboard.press("Control+z")
    page.locator("[data-step=delay_1]").wait_for(state="detached")
    return took


def _typed(page: "Page", profiles: Path | None = None, name: str = "") -> dict[str, Any]:
    page.locator("button[data-step^=conditional_]").first.click()
    _open_editor(page)
    page.evaluate(_WATCH_KEYS)
    # What opening the editor has left is no work of a key.
    page.evaluate(_AT_REST)
    with profiled(page, profiles, name):
        page.keyboard.type("x" * KEYS, delay=_BETWEEN_KEYS_MS)
        # What the last key changes is taken over after a rest.
        page.wait_for_timeout(_BETWEEN_KEYS_MS)
    found: dict[str, Any] = page.evaluate(_TYPED, KEYS)
    return found


def _open_editor(page: "Page") -> None:
    """Puts the cursor into the editor of an expression: a field that is opened before its code is there stays plain."""
    for _ in range(OPENINGS):
        page.get_by_role("textbox", name="Value to test").click()
        try:
            page.locator(".cm-content").first.wait_for(timeout=_EDITOR_MS)
        except TimeoutOfPage:
            page.keyboard.press("Tab")
        else:
            return
    raise RuntimeError(f"the field “Value to test” showed no editor after it was opened {OPENINGS} times")


def _quantiles(spans: Sequence[float]) -> Figures:
    found = sorted(spans)
    return {"p50": round(found[len(found) // 2], 1), "p95": round(found[len(found) * 95 // 100], 1)}
