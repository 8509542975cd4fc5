import { screen, within } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import type { Schema } from "../../src/api/types";
import { type Handlers, refusal } from "../fakes/api";
import { expectAccessible, visit } from "../fakes/app";
import { NOW, signedIn } from "../fakes/people";

type Notification = Schema<"NotificationRecord">;

const STORED: Notification = {
  notification_id: "notification-1",
  name: "Operations",
  channel: "email",
  target: "ops@example.com",
  workflow_id: null,
  connection: null,
  quotes: false,
  problem: "MAIL_REFUSED 550",
  sent_on: null,
  created_by: null,
  modified_by: null,
  created_on: NOW,
  modified_on: NOW,
};

function withNotifications(given: readonly Notification[]): Handlers {
  let items = [...given];
  return {
    getNotifications: () => ({ message: "success", count: items.length, items }),
    getOrganizationWorkflows: () => ({ message: "success", count: 0, items: [], truncated: false }),
    putNotification: ({ name, channel, target, notification_id: known }) => {
      const notification_id = known ?? `notification-${items.length + 1}`;
      const item: Notification = { ...STORED, notification_id, name, channel, target };
      items = [...items.filter((each) => each.notification_id !== notification_id), item];
      return { message: "success", item };
    },
    deleteNotification: ({ notification_id }) => {
      items = items.filter((each) => each.notification_id !== notification_id);
      return { message: "success" };
    },
    putNotificationSecret: () => ({ message: "success", secret: "whsec_bmV3", former_until: NOW }),
    testNotification: () => ({ message: "success", is_sent: false, reason: "no connection of kind smtp" }),
  };
}

const NAME = "Notifications of incidents";

describe("notifications", () => {
  it("are listed with what became of the last message", async () => {
    visit("/admin/notifications", signedIn(), withNotifications([STORED]));
    const table = within(await screen.findByRole("table", { name: NAME }));
    expect(table.getByText("MAIL_REFUSED 550")).toBeTruthy();
    expect(table.getByText("All workflows")).toBeTruthy();
    await expectAccessible();
  });

  it("are added", async () => {
    const { user, api } = visit("/admin/notifications", signedIn(), withNotifications([]));
    await user.click(await screen.findByRole("button", { name: "Add a notification" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Notification of incidents" }));
    await user.type(dialog.getByLabelText(/Name/), "Tickets");
    await user.selectOptions(dialog.getByLabelText("How"), "webhook");
    await user.type(dialog.getByLabelText(/^To/), "https://hooks.example.com/x");
    await expectAccessible();
    await user.click(dialog.getByRole("button", { name: "Save" }));
    const shown = within(await screen.findByRole("alertdialog", { name: "The secret that signs its calls" }));
    expect(shown.getByText("whsec_bmV3")).toBeTruthy();
    await expectAccessible();
    await user.click(shown.getByRole("button", { name: "Close" }));
    expect(await screen.findByText("https://hooks.example.com/x")).toBeTruthy();
    expect(screen.queryByText("whsec_bmV3")).toBeNull();
    expect(api.calls.find(([id]) => id === "putNotification")?.[1]).toEqual({
      name: "Tickets",
      channel: "webhook",
      target: "https://hooks.example.com/x",
      workflow_id: null,
      connection: null,
      quotes: false,
      notification_id: null,
    });
  });

  it("that become webhooks show their secret, those that are webhooks keep it", async () => {
    const { user, api } = visit("/admin/notifications", signedIn(), withNotifications([STORED]));
    await user.click(await screen.findByRole("button", { name: "Change" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Notification of incidents" }));
    await user.selectOptions(dialog.getByLabelText("How"), "webhook");
    await user.click(dialog.getByRole("button", { name: "Save" }));
    const shown = within(await screen.findByRole("alertdialog", { name: "The secret that signs its calls" }));
    await user.click(shown.getByRole("button", { name: "Close" }));
    const before = api.calls.filter(([id]) => id === "putNotificationSecret").length;
    await user.click(await screen.findByRole("button", { name: "Change" }));
    await user.click(await screen.findByRole("button", { name: "Save" }));
    await vi.waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(api.calls.filter(([id]) => id === "putNotificationSecret")).toHaveLength(before);
  });

  it("stay open while their secret is made, which is shown once", async () => {
    let make = (): void => undefined;
    const made = new Promise<void>((resolve) => {
      make = resolve;
    });
    const { user } = visit("/admin/notifications", signedIn(), {
      ...withNotifications([]),
      putNotificationSecret: async () => {
        await made;
        return { message: "success", secret: "whsec_bmV3", former_until: NOW };
      },
    });
    await user.click(await screen.findByRole("button", { name: "Add a notification" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Notification of incidents" }));
    await user.type(dialog.getByLabelText(/Name/), "Tickets");
    await user.selectOptions(dialog.getByLabelText("How"), "webhook");
    await user.type(dialog.getByLabelText(/^To/), "https://hooks.example.com/x");
    await user.click(dialog.getByRole("button", { name: "Save" }));
    expect(await dialog.findByText(/secret is being made/)).toBeTruthy();
    await user.click(dialog.getByRole("button", { name: "Cancel" }));
    await user.keyboard("{Escape}");
    make();
    expect(await screen.findByText("whsec_bmV3")).toBeTruthy();
  });

  it("whose secret could not be made are stored, and the page asks to make one", async () => {
    const { user } = visit("/admin/notifications", signedIn(), {
      ...withNotifications([]),
      putNotificationSecret: () => {
        throw refusal(503, "UNAVAILABLE");
      },
    });
    await user.click(await screen.findByRole("button", { name: "Add a notification" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Notification of incidents" }));
    await user.type(dialog.getByLabelText(/Name/), "Tickets");
    await user.selectOptions(dialog.getByLabelText("How"), "webhook");
    await user.type(dialog.getByLabelText(/^To/), "https://hooks.example.com/x");
    await user.click(dialog.getByRole("button", { name: "Save" }));
    expect(await screen.findByRole("dialog", { name: "Make a new secret for Tickets?" })).toBeTruthy();
  });

  it("are tested, which says why nothing was sent", async () => {
    const { user } = visit("/admin/notifications", signedIn(), withNotifications([STORED]));
    await user.click(await screen.findByRole("button", { name: "Test" }));
    expect(await screen.findByText("Not sent: no connection of kind smtp")).toBeTruthy();
  });

  it("of a webhook get a new secret, which is shown once", async () => {
    const hook = { ...STORED, channel: "webhook", target: "https://hooks.example.com/x" } as const;
    const { user, api } = visit("/admin/notifications", signedIn(), withNotifications([hook]));
    await user.click(await screen.findByRole("button", { name: "New secret" }));
    const question = within(await screen.findByRole("dialog", { name: "Make a new secret for Operations?" }));
    expect(api.calls.some(([id]) => id === "putNotificationSecret")).toBe(false);
    await user.click(question.getByRole("button", { name: "Make it" }));
    const shown = within(await screen.findByRole("alertdialog", { name: "The new secret" }));
    expect(shown.getByText("whsec_bmV3")).toBeTruthy();
    await expectAccessible();
    await user.click(shown.getByRole("button", { name: "Close" }));
    expect(screen.queryByText("whsec_bmV3")).toBeNull();
    expect(api.calls.find(([id]) => id === "putNotificationSecret")?.[1]).toEqual({
      notification_id: "notification-1",
    });
  });

  it("of mail have no secret", async () => {
    visit("/admin/notifications", signedIn(), withNotifications([STORED]));
    await screen.findByRole("button", { name: "Test" });
    expect(screen.queryByRole("button", { name: "New secret" })).toBeNull();
  });

  it("are deleted after a question", async () => {
    const { user } = visit("/admin/notifications", signedIn(), withNotifications([STORED]));
    await user.click(await screen.findByRole("button", { name: "Delete" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Delete the notification Operations?" }));
    await user.click(dialog.getByRole("button", { name: "Delete" }));
    expect(await screen.findByText(/No person and no system is notified/)).toBeTruthy();
  });
});
