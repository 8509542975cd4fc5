/** Other channels of a card: the form of `fallback`, and the connection that sends. */

import { screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { settingsOf, stepById } from "../../../src/studio/document/definition";
import type { StudioStore } from "../../../src/studio/document/store";
import { channelsBefore, kindsOf } from "../../../src/studio/panels/form/channels";
import type { Handlers } from "../../fakes/api";
import { expectAccessible } from "../../fakes/app";
import { definitionOf, openPanel, storeWith } from "../../fakes/panel";

const settings = (store: StudioStore) => settingsOf(stepById(store.getState().document, "step_1") ?? { id: "" });

function connection(name: string, kind: string) {
  return { connection_id: name, name, kind, settings: {}, secret_names: [] } as never;
}

const INSTALLED: Handlers = {
  getStepTypes: () => ({
    message: "success",
    count: 0,
    items: [],
    operations: [],
    channels: ["inbox", "email", "teams"],
  }),
  getConnections: () => ({
    message: "success",
    count: 3,
    items: [connection("MAIL", "smtp"), connection("BOT", "teams"), connection("S4", "sap")],
  }),
};

async function openAdvanced(
  given: string,
  handlers: Handlers = INSTALLED,
  type = "approval",
  language: "en" | "de" = "en",
) {
  const step = `{"id": "step_1", "type": "${type}", "settings": ${given}}`;
  const opened = openPanel(storeWith(definitionOf(step)), "step_1", handlers, { language });
  await opened.user.click(screen.getByRole("button", { name: language === "en" ? /^Advanced/ : /^Erweitert/ }));
  return opened;
}

const box = () => within(screen.getByRole("region", { name: "Other channels" }));
const optionsOf = (field: HTMLElement) =>
  within(field)
    .getAllByRole("option")
    .map(({ textContent }) => textContent);

describe("other channels of a card", () => {
  it("are added with a time and the first channel that is free, and changed by fields", async () => {
    const { user, store } = await openAdvanced(`{"recipients": ["a@example.com"]}`);
    await user.click(await box().findByRole("button", { name: "Add another channel" }));
    expect(settings(store).fallback).toEqual([{ after: "PT4H", channel: "email" }]);
    await user.selectOptions(box().getByRole("combobox", { name: /^Unit of/ }), "minutes");
    await user.selectOptions(box().getByLabelText(/^Other channel 1\*?$/), "teams");
    await user.selectOptions(box().getByLabelText("Sent by other channel 1"), "unanswered");
    expect(settings(store).fallback).toEqual([{ after: "PT4M", channel: "teams", when: "unanswered" }]);
    await user.selectOptions(box().getByLabelText("Sent by other channel 1"), "");
    await user.click(box().getByRole("button", { name: "Remove other channel 1" }));
    expect(settings(store)).not.toHaveProperty("fallback");
  });

  it("offer each channel once: not that of the step, nor one that was named before", async () => {
    const { user, store } = await openAdvanced(`{"recipients": ["a@example.com"], "channel": "teams"}`);
    await user.click(await box().findByRole("button", { name: "Add another channel" }));
    await user.click(box().getByRole("button", { name: "Add another channel" }));
    expect(settings(store).fallback).toEqual([
      { after: "PT4H", channel: "inbox" },
      { after: "PT4H", channel: "email" },
    ]);
    expect(optionsOf(box().getByLabelText(/^Other channel 1\*?$/))).toEqual(["Web inbox", "E-mail"]);
    expect(optionsOf(box().getByLabelText(/^Other channel 2\*?$/))).toEqual(["E-mail"]);
    expect(box().getByRole("button", { name: "Add another channel" }).hasAttribute("disabled")).toBe(true);
  });

  it("name the connection that sends there, by its kind", async () => {
    const { user, store } = await openAdvanced(
      `{"recipients": ["a@example.com"], "fallback": [{"after": "PT15M", "channel": "email"}]}`,
    );
    const app = await box().findByLabelText("Connection of the channel");
    expect(optionsOf(app)).toContain("MAIL");
    expect(optionsOf(app)).not.toContain("BOT");
    await user.selectOptions(app, "MAIL");
    expect(settings(store).fallback).toEqual([{ after: "PT15M", channel: "email", app: "MAIL" }]);
  });

  it("are not there where the installation has one channel only, which is said", async () => {
    await openAdvanced(`{"recipients": ["a@example.com"]}`, {});
    expect(await box().findByText(/there is no other one here/)).toBeTruthy();
  });

  it("are not there for a card without a wait, which closes at once", async () => {
    await openAdvanced(`{"recipients": ["a@example.com"]}`, INSTALLED, "adaptiveCard");
    expect(screen.queryByRole("region", { name: "Other channels" })).toBeNull();
  });

  it("are there for a card that waits, and can be used by all", async () => {
    await openAdvanced(
      `{"recipients": ["a@example.com"], "wait": {"timeout": "P1D"}, "fallback": [{"after": "PT1H", "channel": "email"}]}`,
      INSTALLED,
      "adaptiveCard",
    );
    expect(await box().findByLabelText("Sent by other channel 1")).toBeTruthy();
    await expectAccessible();
  });

  it("are there in German", async () => {
    await openAdvanced(`{"fallback": [{"after": "PT1H", "channel": "email"}]}`, INSTALLED, "approval", "de");
    const german = within(screen.getByRole("region", { name: "Weitere Kanäle" }));
    expect(await german.findByText("Karten, die nicht angekommen sind (Standard)")).toBeTruthy();
  });
});

describe("channels", () => {
  it("know the kinds of connections that send by them, those of other distributions none", () => {
    expect(kindsOf(undefined)).toEqual([]);
    expect(kindsOf("inbox")).toEqual([]);
    expect(kindsOf("email")).toEqual(["smtp", "graph_mail"]);
    expect(kindsOf("pager")).toBeNull();
  });

  it("before one are that of the step and those named before, also in settings of another kind", () => {
    expect(channelsBefore({ channel: "teams", fallback: [{ channel: "inbox" }, { channel: "email" }] }, 1)).toEqual([
      "teams",
      "inbox",
    ]);
    expect(channelsBefore({ fallback: "later" }, 3)).toEqual(["inbox"]);
    expect(channelsBefore({ fallback: [7] }, 1)).toEqual(["inbox", undefined]);
  });
});
