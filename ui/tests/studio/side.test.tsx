/** The panel beside the canvas: its width by pointer and keys, kept for the next visit, and its large form. */

import { act, fireEvent, renderHook, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { Session } from "../../src/session/session";
import type { JsonObject } from "../../src/shared/http";
import { boundSize, useKeptSize } from "../../src/studio/side/kept-size";
import { visit } from "../fakes/app";
import { QUIET } from "../fakes/panel";
import { sessionOf, signedIn } from "../fakes/people";
import { fakeStudio } from "../fakes/studio";
import { ORDERS } from "./definitions";

const PAGE = "/workflows/workflow-1/v/5?step=httpRequest_1";
const MAKER: Session["permissions"] = [
  ...new Set([...sessionOf().permissions, "read.definitions" as const, "edit.drafts" as const]),
];

async function openPanel() {
  const visited = visit(PAGE, signedIn({ permissions: MAKER }), QUIET, fakeStudio(ORDERS as JsonObject).handlers);
  await screen.findByRole("separator", { name: "Width of the settings" });
  return visited;
}

const grip = (): HTMLElement => screen.getByRole("separator", { name: "Width of the settings" });
const width = (): string => grip().closest("aside")?.style.width ?? "";

describe("the width of the panel", () => {
  it("is changed by the arrows, within its bounds, and is said", async () => {
    const { user } = await openPanel();
    expect(width()).toBe("376px");
    grip().focus();
    await user.keyboard("{ArrowLeft}{ArrowLeft}");
    expect(width()).toBe("424px");
    expect(grip().getAttribute("aria-valuenow")).toBe("424");
    await user.keyboard("{ArrowRight>9/}");
    expect(width()).toBe("360px");
    await user.keyboard("{ArrowLeft>30/}");
    expect(width()).toBe("720px");
  });

  it("follows the pointer while that is down", async () => {
    await openPanel();
    fireEvent.pointerMove(grip(), { clientX: 300 });
    expect(width()).toBe("376px");
    fireEvent.pointerDown(grip(), { clientX: 1_000, pointerId: 1 });
    fireEvent.pointerMove(grip(), { clientX: 900 });
    expect(width()).toBe("476px");
    fireEvent.pointerMove(grip(), { clientX: 0 });
    expect(width()).toBe("720px");
    fireEvent.pointerUp(grip());
    fireEvent.pointerMove(grip(), { clientX: 1_000 });
    expect(width()).toBe("720px");
  });

  it("ends to follow a pointer that the browser takes away, and is kept", async () => {
    await openPanel();
    fireEvent.pointerDown(grip(), { clientX: 1_000, pointerId: 1 });
    fireEvent.pointerMove(grip(), { clientX: 900 });
    fireEvent.pointerCancel(grip());
    fireEvent.pointerMove(grip(), { clientX: 700 });
    expect(width()).toBe("476px");
    expect(localStorage.getItem("looply.size.studio-panel")).toBe("476");
  });

  it("is kept as it was changed last, also before that is drawn", () => {
    const { result } = renderHook(() => useKeptSize("part", { least: 100, usual: 200, most: 300 }));
    const { change, keepSize } = result.current;
    act(() => {
      change(250);
      keepSize();
    });
    expect(localStorage.getItem("looply.size.part")).toBe("250");
  });

  it("is the same for the next step and at the next visit", async () => {
    const { user, unmount } = await openPanel();
    grip().focus();
    await user.keyboard("{ArrowLeft}");
    expect(width()).toBe("400px");
    await user.click(screen.getByRole("button", { name: "Close" }));
    const step = document.querySelector<HTMLElement>('button[data-step="email_1"]');
    if (step === null) throw new Error("no step email_1");
    await user.click(step);
    await waitFor(() => expect(width()).toBe("400px"));
    unmount();
    await openPanel();
    expect(width()).toBe("400px");
  });

  it("is the usual one where the browser has kept something else", async () => {
    const bounds = { least: 360, usual: 376, most: 720 };
    expect([Number.NaN, 10, 500.4, 9_999].map((size) => boundSize(size, bounds))).toEqual([376, 360, 500, 720]);
    localStorage.setItem("looply.size.studio-panel", "wide");
    await openPanel();
    expect(width()).toBe("376px");
  });
});

describe("the panel of a step that gets another id", () => {
  it("is drawn at once, and never says that the step is gone", async () => {
    const { user } = await openPanel();
    await screen.findByRole("region", { name: "httpRequest_1" });
    const seen = new Set<string>();
    const observer = new MutationObserver(() => {
      for (const { textContent } of document.querySelectorAll("aside[data-area=side]")) {
        if (textContent?.includes("This step is not in the workflow any more")) seen.add(textContent);
      }
    });
    observer.observe(document.body, { subtree: true, childList: true, characterData: true });
    await user.click(screen.getByRole("button", { name: "Change the id" }));
    const id = await screen.findByRole("textbox", { name: "Id" });
    await user.clear(id);
    await user.type(id, "order_1{Enter}");
    await screen.findByRole("region", { name: "order_1" });
    observer.disconnect();
    expect([...seen]).toEqual([]);
  });
});

describe("the large form of the panel", () => {
  it("has the data, the settings and the output side by side, and becomes small again", async () => {
    const { user } = await openPanel();
    const panel = within(await screen.findByRole("region", { name: "httpRequest_1" }));
    const tab = () => panel.getByRole("tabpanel");
    expect(within(tab()).queryByRole("button", { name: "Show what would be sent" })).toBeNull();
    await user.click(panel.getByRole("button", { name: "Larger" }));
    await within(tab()).findByRole("button", { name: "Show what would be sent" });
    expect(panel.getByRole("heading", { level: 3, name: "httpRequest_1" })).toBeTruthy();
    await user.click(panel.getByRole("button", { pressed: true }));
    expect(within(tab()).queryByRole("button", { name: "Show what would be sent" })).toBeNull();
  });
});
