import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { refusal } from "../fakes/api";
import { expectAccessible, fill, visit } from "../fakes/app";
import { withExecution } from "../fakes/executions";
import { bulk, CARD, LETTER, withOperations } from "../fakes/operations";
import { NOW, sessionOf, signedIn } from "../fakes/people";
import { changeScreen } from "../fakes/screen";

const VIEWER = sessionOf().permissions.filter((each) => each !== "repair");
const sent = (api: ReturnType<typeof visit>["api"], id: string) =>
  api.calls.filter(([name]) => name === id).map(([, input]) => input);

describe("incidents", () => {
  it("are one row a cause, the largest first, with what else waits for an operator", async () => {
    visit("/operations", signedIn(), withOperations());
    const causes = await screen.findByRole("list", { name: "Grouped by cause" });
    expect(within(causes).getByText("213")).toBeTruthy();
    expect(within(causes).getByRole("heading", { name: /“release” failed HTTP_503/ })).toBeTruthy();
    expect(within(causes).getByText(/The time of the whole workflow is over/)).toBeTruthy();
    await screen.findByText(/Not called as usual: https:\/\/s4/);
    await screen.findByRole("heading", { name: "Overdue cards" });
    await screen.findByRole("link", { name: "Exchange rates" });
    await expectAccessible();
  });

  it("of a cause are listed when it is opened, with markup as text", async () => {
    const { user, address, container } = visit("/operations/incidents", signedIn(), withOperations());
    await user.click(await screen.findByRole("button", { name: "Executions: “release” failed" }));
    expect(address()).toContain("open=");
    await screen.findByText("<b>not ready</b>");
    expect(container.querySelector("td b")).toBeNull();
    const all = screen.getByRole("link", { name: "Show all in the history" });
    expect(decodeURIComponent(all.getAttribute("href") ?? "")).toContain("code:HTTP_503");
  });

  it("of a cause are repaired together, after what would happen is shown, and the progress follows", async () => {
    const { api, user, address } = visit("/operations/incidents", signedIn(), withOperations());
    await user.click(await screen.findByRole("button", { name: "Repair 213 …" }));
    const verb = await screen.findByRole<HTMLButtonElement>("button", {
      name: "Repair 213, 210 calls under the same key",
    });
    expect(screen.getByText("PROCESS_ID_IN_USE")).toBeTruthy();
    await expectAccessible();
    await fill(user, "Reason", "S4 is back");
    await user.click(verb);
    await screen.findByRole("progressbar");
    expect(address()).toBe("/operations/bulks/bulk-1");
    const filter = {
      workflow_id: "workflow-1",
      incident_code: ["HTTP_503"],
      incident_kind: ["FAILED"],
      incident_state: ["release"],
    };
    const [preview, started] = sent(api, "bulkRepair");
    const body = { filter, action: "retry", rate_per_second: 10 };
    expect(preview).toEqual({ ...body, reason: "", dry_run: true });
    expect(started).toEqual({ ...body, reason: "S4 is back", dry_run: false });
  });

  it("are skipped at their step, by an exit that is previewed before", async () => {
    const { api, user } = visit("/operations/incidents", signedIn(), withOperations());
    await user.click(await screen.findByRole("button", { name: "Repair 213 …" }));
    await user.selectOptions(await screen.findByLabelText("What to do"), "skip");
    await fill(user, "Exit", "no");
    expect(screen.getByRole<HTMLButtonElement>("button", { name: /^Skip the step of/ }).disabled).toBe(true);
    await user.click(screen.getByLabelText("Reason"));
    await waitFor(() => expect(sent(api, "bulkRepair").at(-1)).toMatchObject({ branch: "no", dry_run: true }));
    const verb = await screen.findByRole<HTMLButtonElement>("button", { name: "Skip the step of 213" });
    await waitFor(() => expect(verb.disabled).toBe(false));
    await user.click(verb);
    await screen.findByRole("progressbar");
    expect(sent(api, "bulkRepair").at(-1)).toMatchObject({ action: "skip", state: "release", branch: "no" });
  });

  it("continue on another version with the mapping that they need", async () => {
    const { api, user } = visit("/operations/incidents", signedIn(), withOperations());
    await user.click(await screen.findByRole("button", { name: "Repair 213 …" }));
    await user.selectOptions(await screen.findByLabelText("What to do"), "latest");
    await screen.findByText("2 can continue with it");
    await screen.findByText("1 needs a new step name");
    await expectAccessible();
    await user.selectOptions(screen.getByLabelText(/“ask”/), "question");
    await screen.findByText("3 can continue with it");
    await user.click(screen.getByRole("button", { name: "Repair 3" }));
    await screen.findByRole("progressbar");
    expect(sent(api, "bulkRedrive").at(-1)).toMatchObject({
      workflow_version: "latest",
      mapping: { ask: "question" },
      dry_run: false,
    });
  });

  it("are repaired at a rate whose duration is shown", async () => {
    const { api, user } = visit("/operations/incidents", signedIn(), withOperations());
    await user.click(await screen.findByRole("button", { name: "Repair 213 …" }));
    const rate = await screen.findByRole("slider", { name: "How fast" });
    await screen.findByText(/Takes 22 s/);
    fireEvent.change(rate, { target: { value: "1" } });
    await screen.findByText(/Takes 3 min/);
    expect(rate.getAttribute("aria-valuetext")).toBe("1 a second");
    await user.click(await screen.findByRole("button", { name: /^Repair 213, 210 calls/ }));
    await waitFor(() => expect(sent(api, "bulkRepair").at(-1)).toMatchObject({ rate_per_second: 1, dry_run: false }));
  });

  it("cannot be repaired while the forecast is unknown", async () => {
    const { user } = visit("/operations/incidents", signedIn(), withOperations(), {
      bulkRepair: () => {
        throw refusal(422, "SEARCH_TOO_WIDE");
      },
    });
    await user.click(await screen.findByRole("button", { name: "Repair 213 …" }));
    await screen.findByText("The filter names too much.");
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Repair 0" }).disabled).toBe(true);
  });

  it("are not repaired by who may only read, and say why", async () => {
    const { user, api } = visit("/operations/incidents", signedIn({ permissions: VIEWER }), withOperations());
    const button = await screen.findByRole("button", { name: "Repair 213 …" });
    expect(button.getAttribute("aria-disabled")).toBe("true");
    await user.click(button);
    expect(sent(api, "bulkRepair")).toEqual([]);
  });

  it("fit a phone", async () => {
    changeScreen({ isPhone: true });
    visit("/operations/incidents", signedIn(), withOperations());
    await screen.findByRole("list", { name: "Grouped by cause" });
    await expectAccessible();
  });
});

describe("a bulk repair", () => {
  it("shows how far it is, and why executions refused", async () => {
    visit("/operations/bulks/bulk-1", signedIn(), withOperations());
    const bar = await screen.findByRole("progressbar");
    expect(bar.getAttribute("aria-valuetext")).toBe("143 of 213");
    await screen.findByRole("link", { name: "PO-4707" });
    expect(screen.getByText("another one is open")).toBeTruthy();
    await expectAccessible();
  });

  it("begins another one of those that refused", async () => {
    const { api, user, address } = visit("/operations/bulks/bulk-1", signedIn(), withOperations(), {
      getBulk: ({ bulk_id }) => ({
        message: "success",
        item:
          bulk_id === "bulk-1" ? bulk({ status: "DONE" }) : bulk({ bulk_id, executions: 1, filter: {}, refused: 0 }),
      }),
      bulkRepair: ({ dry_run }) =>
        dry_run
          ? { message: "forecast", count: 1, truncated: false, items: [] }
          : { message: "success", item: bulk({ bulk_id: "bulk-2", executions: 1, filter: {} }) },
    });
    await user.click(await screen.findByRole("button", { name: "Select the refused (1) …" }));
    const dialog = await screen.findByRole("dialog", { name: "Repair or end 1 chosen execution" });
    await user.click(await within(dialog).findByRole("button", { name: "Repair 1" }));
    await waitFor(() => expect(address()).toBe("/operations/bulks/bulk-2"));
    expect(sent(api, "bulkRepair").at(-1)).toMatchObject({ workflow_execution_id: ["execution-7"], dry_run: false });
    await screen.findByText("1 chosen execution");
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("is cancelled after a question", async () => {
    const { api, user } = visit("/operations/bulks/bulk-1", signedIn(), withOperations(), {
      cancelBulk: () => ({ message: "success", item: bulk({ status: "CANCELLED" }) }),
    });
    await user.click(await screen.findByRole("button", { name: "Cancel the bulk repair" }));
    const dialog = await screen.findByRole("dialog");
    await user.click(within(dialog).getByRole("button", { name: "Cancel the bulk repair" }));
    await waitFor(() => expect(sent(api, "cancelBulk")).toEqual([{ bulk_id: "bulk-1" }]));
  });

  it("that does not exist says so", async () => {
    visit("/operations/bulks/other", signedIn(), withOperations(), {
      getBulk: () => {
        throw refusal(404, "BULK_NOT_FOUND");
      },
    });
    await screen.findByText("There is no such bulk repair in this organization.");
  });
});

describe("a dead letter", () => {
  it("is discarded with a reason", async () => {
    const { api, user } = visit("/operations/letters", signedIn(), withExecution(), withOperations(), {
      settleLetter: () => ({
        message: "settled",
        letter_id: "letter-1",
        action: "DISCARDED",
        settled_by: "user-1",
        settled_on: NOW,
      }),
    });
    await user.click(await screen.findByRole("button", { name: "Read the letter to PO-4711" }));
    await screen.findByText("<i>4711</i>");
    await expectAccessible();
    await user.click(screen.getByLabelText("Discard it: it changes nothing"));
    await fill(user, "Reason", "sent twice");
    await user.click(screen.getByRole("button", { name: "Discard the letter" }));
    await waitFor(() =>
      expect(sent(api, "settleLetter")).toEqual([{ letter_id: "letter-1", action: "discard", reason: "sent twice" }]),
    );
  });

  it("says where it could be delivered now, and is delivered there", async () => {
    const { api, user } = visit("/operations/letters?letter=letter-1", signedIn(), withOperations(), {
      settleLetter: () => ({
        message: "settled",
        letter_id: "letter-1",
        action: "APPLIED",
        settled_by: "user-1",
        settled_on: NOW,
      }),
    });
    const places = await screen.findByRole("list", { name: "Where it could be delivered now" });
    expect(
      within(places)
        .getAllByRole("listitem")
        .map(({ textContent }) => textContent),
    ).toEqual(["Accepts it wait_2", "Refuses it wait_1 (2)/payload/quantity is missing"]);
    await user.click(screen.getByRole("button", { name: "Apply the letter" }));
    await waitFor(() => expect(sent(api, "settleLetter")).toMatchObject([{ action: "apply", wait_token: "token-2" }]));
  });

  it("that no wait accepts can be discarded only", async () => {
    visit("/operations/letters?letter=letter-1", signedIn(), withOperations(), {
      getLetter: () => ({ message: "success", item: { ...LETTER, why: "", payload: {} }, waits: [] }),
    });
    await screen.findByText("The execution has no open wait, so it can be delivered nowhere now.");
    expect(screen.getByRole("button", { name: "Discard the letter" })).toBeTruthy();
  });

  it("is not shown to who may not read data", async () => {
    const permissions = VIEWER.filter((each) => each !== "read.payloads");
    const { api } = visit("/operations/letters", signedIn({ permissions }), withOperations());
    await screen.findByText(/You need the right “read.payloads”/);
    expect(sent(api, "getLetters")).toEqual([]);
  });
});

describe("open cards", () => {
  it("are reassigned, and those out of date say so", async () => {
    const { api, user } = visit("/operations/cards", signedIn(), withOperations(), {
      findPeople: () => ({ message: "success", count: 0, items: [] }),
      reassignCard: ({ to }) => ({
        message: "success",
        card_id: "card-2",
        recipient: to,
        workflow_execution_id: "execution-1",
        token: null,
        url: null,
      }),
    });
    await screen.findByRole("table", { name: "Open cards" });
    expect(screen.getAllByText("Not up to date").length).toBeGreaterThan(1);
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Reassign the card of PO-4711 from manager@example.com" }));
    await fill(user, /^To/, "ben@example.com");
    const dialog = screen.getByRole("dialog");
    await user.click(within(dialog).getByRole("button", { name: "Reassign" }));
    await waitFor(() =>
      expect(sent(api, "reassignCard")).toEqual([{ card_id: "card-1", to: "ben@example.com", reason: "" }]),
    );
  });

  it("are reminded of, and who may not repair only copies a link that is given", async () => {
    const { api, user, unmount } = visit("/operations/cards", signedIn(), withOperations(), {
      remindCard: ({ card_id }) => ({
        message: "reminded",
        card_id,
        recipient: "manager@example.com",
        workflow_execution_id: "execution-1",
        reminders: 1,
      }),
    });
    await user.click(await screen.findByRole("button", { name: "Remind manager@example.com of the card of PO-4711" }));
    const dialog = await screen.findByRole("dialog");
    await user.click(within(dialog).getByRole("button", { name: "Remind" }));
    await waitFor(() => expect(sent(api, "remindCard")).toEqual([{ card_id: "card-1" }]));
    unmount();
    visit("/operations/cards", signedIn({ permissions: VIEWER }), withOperations());
    await screen.findByRole("button", { name: /Copy the link of the card/ });
    expect(screen.queryByRole("button", { name: /^(Remind|Reassign)/ })).toBeNull();
  });

  it("say which ones do not reach their recipients, and why", async () => {
    const delivery = { state: "BLOCKED" as const, since: 1, code: "BLOCKED_BY_USER", reason: "blocked the app" };
    const items = [CARD, { ...CARD, card_id: "card-2", is_stale: false, delivery }];
    visit("/operations/cards", signedIn(), withOperations(), {
      getOpenCards: () => ({ message: "success", count: items.length, items }),
    });
    const chip = await screen.findByText("Recipient not reachable");
    expect(chip.closest("[title]")?.getAttribute("title")).toBe("blocked the app");
    expect(screen.getAllByText("Not up to date", { selector: "tbody *" })).toHaveLength(1);
  });

  it("are limited to those out of date by the address", async () => {
    const { api } = visit("/operations/cards?show=stale", signedIn(), withOperations());
    await screen.findByRole("table", { name: "Open cards" });
    expect(sent(api, "getOpenCards")).toEqual([{ limit: 30, is_stale: true }]);
  });
});

describe("schedules", () => {
  it("show next and past fires, and are paused", async () => {
    const { api, user } = visit("/operations/schedules?of=workflow-2", signedIn(), withOperations(), {
      toggleScheduledWorkflow: ({ workflow_id }) => ({
        message: "success",
        workflow_id,
        workflow_version: 1,
        status: "PAUSED",
      }),
    });
    await screen.findByText("Moved by the change of the clocks");
    await screen.findByText("Missed × 2");
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Pause the schedule of Exchange rates" }));
    const dialog = await screen.findByRole("dialog");
    await user.click(within(dialog).getByRole("button", { name: "Pause" }));
    await waitFor(() =>
      expect(sent(api, "toggleScheduledWorkflow")).toEqual([
        { workflow_id: "workflow-2", workflow_version: 1, action: "PAUSE" },
      ]),
    );
  });
});

describe("systems", () => {
  it("say how many calls wait, and lead to their executions", async () => {
    visit("/operations/systems", signedIn(), withOperations());
    const link = await screen.findByRole("link", { name: "12 calls wait for https://s4.example.com:44300#100" });
    const address = new URL(link.getAttribute("href") ?? "", "http://localhost");
    expect(address.pathname).toMatch(/\/executions$/);
    expect(JSON.parse(address.searchParams.get("q") ?? "")).toEqual(["waiting:https://s4.example.com:44300#100"]);
  });

  it("that are down continue at a rate", async () => {
    const { api, user } = visit("/operations/systems", signedIn(), withOperations(), {
      drainTarget: ({ target }) => ({ message: "success", target, state: "DRAINING" }),
    });
    await user.click(await screen.findByRole("button", { name: /^Continue slowly with/ }));
    await expectAccessible();
    const dialog = await screen.findByRole("dialog");
    await user.click(within(dialog).getByRole("button", { name: "Continue slowly" }));
    await waitFor(() =>
      expect(sent(api, "drainTarget")).toEqual([{ target: "https://s4.example.com:44300#100", rate: 5 }]),
    );
  });
});
