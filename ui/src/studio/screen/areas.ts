/** The areas of the Studio among which F6 goes. */

const ORDER: readonly string[] = ["toolbox", "canvas", "outline", "json", "side", "problems"];
const FOCUSABLE = "[data-step][tabindex='0'], input, textarea, button:not([tabindex='-1']), [tabindex='0']";

/** Puts the focus into an area; null for the one after that which has it now. */
export function nextArea(name: string | null): void {
  const areas = ORDER.flatMap((each) => document.querySelector<HTMLElement>(`[data-area="${each}"]`) ?? []);
  const at = areas.findIndex((area) => area.contains(document.activeElement));
  const area =
    name === null ? areas[(at + 1) % Math.max(1, areas.length)] : areas.find((each) => each.dataset.area === name);
  if (area === undefined) return;
  const selector = name === "side" ? "input, textarea, [contenteditable=true], [role=textbox], select" : FOCUSABLE;
  const target = area.querySelector<HTMLElement>(selector) ?? area.querySelector<HTMLElement>(FOCUSABLE);
  const step = area.querySelector<HTMLElement>("[data-step][tabindex='0']");
  (name === null && step !== null ? step : target)?.focus();
}
