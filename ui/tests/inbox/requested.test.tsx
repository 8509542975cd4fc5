/** What the reader has asked others to decide. */

import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { AnswerOf } from "../../src/api/types";
import { REASONS } from "../../src/inbox/reasons";
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

const reason = (changes: Partial<AnswerOf<"explainMyRequest">["item"]>) => ({
  message: "success",
  item: {
    workflow_execution_id: "execution-1",
    verdict: "WAITS_FOR_PERSON" as const,
    text: "words of the server",
    step: null,
    who: [],
    since: NOW,
    expected_until: null,
    ...changes,
  },
});

const page = (items: Request[]) => ({ message: "success", count: items.length, items });

describe("what the reader has asked for", () => {
  it("says why it does not move where it is open, read only when it is asked", async () => {
    const { user, api } = visit("/inbox/requested", signedIn(), {
      getMyRequests: () => page([REQUEST, ENDED]),
      explainMyRequest: () => reason({ step: "Release the order", who: ["ann@example.com", "bob@example.com"] }),
    });
    const row = within(await screen.findByRole("row", { name: /Release 4711/ }));
    expect(within(screen.getByRole("row", { name: /Order 2/ })).queryByRole("button")).toBeNull();
    const asked = () => api.calls.filter(([id]) => id === "explainMyRequest").map(([, input]) => input);
    expect(asked()).toEqual([]);
    await user.click(row.getByRole("button", { name: "Why? Release 4711?" }));
    await row.findByText("“Release the order” waits for ann@example.com and bob@example.com.");
    expect(asked()).toEqual([{ workflow_execution_id: "execution-1" }]);
    await expectAccessible();
    await user.click(row.getByRole("button", { name: /^Why/ }));
    await waitFor(() => expect(row.queryByText(/waits for ann/)).toBeNull());
  });

  it("says of everything else only what kind of thing holds it", async () => {
    const { user } = visit("/inbox/requested", signedIn(), {
      getMyRequests: () => page([{ ...REQUEST, status: "FROZEN" }]),
      explainMyRequest: () => reason({ verdict: "INCIDENT" }),
    });
    await user.click(await screen.findByRole("button", { name: /^Why/ }));
    await screen.findByText("It is stopped by a failure, which an operator looks after.");
  });

  it("has words in both languages", () => {
    const said = (language: "en" | "de", changes: Parameters<typeof reason>[0]) =>
      REASONS[language](reason(changes).item);
    expect(said("de", { step: "Freigabe", who: ["a@x", "b@x"] })).toBe("„Freigabe“ wartet auf a@x und b@x.");
    expect(said("de", { step: "Freigabe" })).toBe("„Freigabe“ wartet auf die Empfänger.");
    expect(said("de", { verdict: "QUEUED" })).toBe("Der Ablauf steht an: andere desselben Workflows sind vor ihm.");
    expect(said("en", { step: "Release" })).toBe("“Release” waits for its recipients.");
  });

  it("says what to do when the reason cannot be read", async () => {
    const { user } = visit("/inbox/requested", signedIn(), {
      getMyRequests: () => page([REQUEST]),
      explainMyRequest: () => {
        throw refusal(404, "EXECUTION_NOT_FOUND");
      },
    });
    await user.click(await screen.findByRole("button", { name: /^Why/ }));
    await screen.findByRole("alert");
  });
});
