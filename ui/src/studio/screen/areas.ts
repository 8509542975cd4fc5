/** The areas of the Studio among which F6 goes. */

const ORDER: readonly string[] = ["toolbox", "canvas", "outline", "json", "side", "problems"];
const FIELD = "input, textarea, [contenteditable=true], [role=textbox], select";
const FOCUSABLE = "[data-step][tabindex='0'], input, textarea, button:not([tabindex='-1']), [tabindex='0']";

/** The areas that are on the screen, in their order. */
function shownAreas(): readonly HTMLElement[] {
  return ORDER.flatMap((each) => document.querySelector<HTMLElement>(`[data-area="${each}"]`) ?? []);
}

/** Puts the focus into the panel beside the canvas: into its first field where it has one. */
export function enterSide(): void {
  const area = shownAreas().find(({ dataset }) => dataset.area === "side");
  (area?.querySelector<HTMLElement>(FIELD) ?? area?.querySelector<HTMLElement>(FOCUSABLE))?.focus();
}

/** Puts the focus into the area after the one that has it (1), or before it (-1), around at the ends. */
export function moveArea(by: number): void {
  const areas = shownAreas();
  const at = areas.findIndex((area) => area.contains(document.activeElement));
  const from = at === -1 && by < 0 ? 0 : at;
  const area = areas[(from + by + areas.length) % Math.max(1, areas.length)];
  const step = area?.querySelector<HTMLElement>("[data-step][tabindex='0']");
  (step ?? area?.querySelector<HTMLElement>(FOCUSABLE))?.focus();
}
