/** What the reader has asked others to decide. */

import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { AnswerOf } from "../../src/api/types";
import { refusal } from "../fakes/api";
import { expectAccessible, visit } from "../fakes/app";
import { NOW, signedIn } from "../fakes/people";

type Request = AnswerOf<"getMyRequests">["items"][number];

const REQUEST: Request = {
  workflow_execution_id: "execution-1",
  workflow_id: "workflow-1",
  workflow_name: "Orders",
  process_id: "PO-4711",
  status: "OPEN",
  state: "approval_1",
  subject: "Release 4711?",
  created_on: NOW - 3_600_000,
  opened_on: NOW - 3_600_000,
  due_on: NOW + 3_600_000,
  ended_on: null,
  progress: { done: 0, needed: 1 },
  waiting_for: ["ann@example.com"],
  decisions: [],
};
const ENDED: Request = { ...REQUEST, workflow_execution_id: "execution-2", subject: "Order 2", status: "APPROVED" };

const reason = (code: "PERSON_APPROVAL" | "INCIDENT_FAILED", values: Record<string, string | number | null>) => ({
  message: "success",
  item: {
    workflow_execution_id: "execution-1",
    verdict: code === "PERSON_APPROVAL" ? ("WAITS_FOR_PERSON" as const) : ("INCIDENT" as const),
    code,
    text: "words of the server",
    values,
    since: NOW,
    expected_until: null,
    who: code === "PERSON_APPROVAL" ? ["ann@example.com"] : [],
  },
});

const page = (items: Request[]) => ({ message: "success", count: items.length, items });

describe("what the reader has asked for", () => {
  it("says why it does not move where it is open, read only when it is asked", async () => {
    const values = { state: "Release the order", needed: 1, answered: 0, undelivered: 0, delivery_code: null };
    const { user, api } = visit("/inbox/requested", signedIn(), {
      getMyRequests: () => page([REQUEST, ENDED]),
      explainMyRequest: () => reason("PERSON_APPROVAL", values),
    });
    const row = within(await screen.findByRole("row", { name: /Release 4711/ }));
    expect(within(screen.getByRole("row", { name: /Order 2/ })).queryByRole("button")).toBeNull();
    const asked = () => api.calls.filter(([id]) => id === "explainMyRequest").map(([, input]) => input);
    expect(asked()).toEqual([]);
    await user.click(row.getByRole("button", { name: "Why?" }));
    await row.findByText("“Release the order” waits for ann@example.com; 1 must approve.");
    expect(asked()).toEqual([{ workflow_execution_id: "execution-1" }]);
    await expectAccessible();
    await user.click(row.getByRole("button", { name: "Why?" }));
    await waitFor(() => expect(row.queryByText(/waits for ann/)).toBeNull());
  });

  it("says of a failure only where it happened", async () => {
    const { user } = visit("/inbox/requested", signedIn(), {
      getMyRequests: () => page([{ ...REQUEST, status: "FROZEN" }]),
      explainMyRequest: () => reason("INCIDENT_FAILED", { state: "Book it", message: "***" }),
    });
    await user.click(await screen.findByRole("button", { name: "Why?" }));
    const said = await screen.findByText(/Book it/);
    expect(said.textContent).not.toContain("***");
  });

  it("says what to do when the reason cannot be read", async () => {
    const { user } = visit("/inbox/requested", signedIn(), {
      getMyRequests: () => page([REQUEST]),
      explainMyRequest: () => {
        throw refusal(404, "EXECUTION_NOT_FOUND");
      },
    });
    await user.click(await screen.findByRole("button", { name: "Why?" }));
    await screen.findByRole("alert");
  });
});
