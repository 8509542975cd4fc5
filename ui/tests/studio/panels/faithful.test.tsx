/** What no field knows survives: byte for byte when nothing is edited, and beside what is edited. */

import { fireEvent, screen, waitFor } from "@testing-library/react";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { valueAt } from "../../../src/editing/document/path";
import { prettyExact, printExact } from "../../../src/shared/exact";
import { isObject } from "../../../src/shared/http";
import { changeSetting } from "../../../src/studio/document/commands/settings";
import { settingsOf, stepById } from "../../../src/studio/document/definition";
import { lastFilled } from "../../../src/studio/panels/form/edit";
import { otherSettings } from "../../../src/studio/panels/form/spec";
import { FORMS } from "../../../src/studio/panels/forms";
import { english } from "../../../src/studio/panels/text.en";
import { definitionOf, openPanel, storeWith } from "../../fakes/panel";
import { STEPS, stepText, TYPES } from "./steps";

const TAB_NAMES = Object.values(english.tabs);

describe.each(TYPES)("the panel of %s", (type) => {
  it("shows every part, changes nothing by itself, and keeps the text of the definition", () => {
    const definition = definitionOf(stepText(type));
    const before = printExact(definition);
    const { store } = openPanel(storeWith(definition), "step_1");
    for (const tab of screen.getAllByRole("tab")) fireEvent.click(tab);
    expect(screen.getAllByRole("tab")).toHaveLength(TAB_NAMES.length);
    expect(store.getState().log.done).toEqual([]);
    expect(printExact(store.getState().document)).toBe(before);
  });

  it("keeps settings that it does not know as JSON", () => {
    const definition = definitionOf(stepText(type));
    const settings = settingsOf(stepById(definition, "step_1") ?? { id: "" });
    expect(Object.keys(otherSettings(FORMS[type], settings))).toEqual(["newer"]);
  });
});

describe.each(TYPES)("settings of %s of another kind than their fields have", (type) => {
  it("are shown, each tab, and stay as they are", () => {
    const others: unknown[] = [5, "text", [1, null, {}], { a: { b: [] } }, null, true, ""];
    const names = Object.keys(JSON.parse(STEPS[type]));
    const settings = Object.fromEntries(names.map((name, at) => [name, others[at % others.length]]));
    const definition = definitionOf(JSON.stringify({ id: "step_1", type, settings, retry: "never", secret: 1 }));
    const before = printExact(definition);
    const { store } = openPanel(storeWith(definition), "step_1");
    for (const tab of screen.getAllByRole("tab")) fireEvent.click(tab);
    expect(screen.getAllByRole("tab")).toHaveLength(TAB_NAMES.length);
    expect(printExact(store.getState().document)).toBe(before);
  });
});

describe("a change of one setting", () => {
  it("leaves all others as they were written, and its undo gives the first text again", () => {
    const values = fc.oneof(fc.string(), fc.integer(), fc.constant(undefined), fc.constant({ made: [1] }));
    fc.assert(
      fc.property(fc.constantFrom(...TYPES), values, fc.nat(), (type, value, pick) => {
        const definition = definitionOf(stepText(type));
        const before = prettyExact(definition);
        const { specs } = FORMS[type];
        const path = specs.length === 0 ? ["made"] : (specs[pick % specs.length]?.path ?? []);
        const store = storeWith(definition);
        store.getState().run(changeSetting(store.getState().document, "step_1", path, value));
        const after = stepById(store.getState().document, "step_1") ?? { id: "" };
        const known = String(path[0]);
        for (const [name, member] of Object.entries(settingsOf(stepById(definition, "step_1") ?? { id: "" }))) {
          if (name !== known) expect(printExact(settingsOf(after)[name])).toBe(printExact(member));
        }
        if (store.getState().log.done.length > 0) store.getState().undo();
        expect(prettyExact(store.getState().document)).toBe(before);
      }),
      { numRuns: 300 },
    );
  });

  it("takes away what is empty then, never the settings themselves", () => {
    const step = { id: "a", settings: { wait: { timeout: "P1D" } }, retry: { interval: "PT1S", max_attempts: 2 } };
    expect(lastFilled(step, ["settings", "wait", "timeout"])).toEqual(["settings", "wait"]);
    expect(lastFilled(step, ["retry", "interval"])).toEqual(["retry", "interval"]);
    expect(lastFilled({ ...step, settings: { a: 1 } }, ["settings", "a"])).toEqual(["settings", "a"]);
  });
});

describe("a step of an unknown type", () => {
  it("is shown as JSON and stays as it is", async () => {
    const definition = definitionOf(`{"id": "step_1", "type": "quantum", "settings": {"qubits": 3.0}}`);
    const before = printExact(definition);
    const { store } = openPanel(storeWith(definition), "step_1");
    expect(screen.getByText(english.unknownType("quantum"))).toBeTruthy();
    expect(screen.getByText(/"qubits": 3\.0/)).toBeTruthy();
    expect(printExact(store.getState().document)).toBe(before);
  });

  it("whose settings are no object is not lost either", () => {
    const definition = definitionOf(`{"id": "step_1", "type": "email", "settings": "later"}`);
    const before = printExact(definition);
    const { store } = openPanel(storeWith(definition), "step_1");
    expect(printExact(store.getState().document)).toBe(before);
  });
});

describe("every type", () => {
  it("has a step in these tests, and a value at each place that a field edits or none", () => {
    for (const type of TYPES) {
      const settings: unknown = JSON.parse(STEPS[type]);
      expect(isObject(settings)).toBe(true);
      for (const { path } of FORMS[type].specs) expect(() => valueAt(settings, path)).not.toThrow();
    }
    expect(TYPES).toHaveLength(21);
  });
});

describe("a panel of a step that was deleted", () => {
  it("says so", async () => {
    const { store } = openPanel(storeWith(definitionOf(stepText("email"))), "step_1");
    store.setState({ document: { workflow_steps: [] } });
    await waitFor(() => expect(screen.getByText(english.gone)).toBeTruthy());
  });
});
