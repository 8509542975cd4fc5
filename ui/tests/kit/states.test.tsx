import type { UseQueryResult } from "@tanstack/react-query";
import { act, render, screen } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { CallError, type CallErrorKind } from "../../src/api/errors";
import { Answer } from "../../src/kit/Answer";
import { Empty } from "../../src/kit/states/Empty";
import { Forbidden } from "../../src/kit/states/Forbidden";
import { LONG_MS, Loading, QUIET_MS } from "../../src/kit/states/Loading";
import { Newer } from "../../src/kit/states/Newer";
import { OfflineBar } from "../../src/kit/states/offline";
import { Problem } from "../../src/kit/states/Problem";
import { LANGUAGES, LanguageProvider } from "../../src/text/language";
import { refusal } from "../fakes/api";
import { expectAccessible } from "../fakes/app";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function pass(milliseconds: number): void {
  act(() => vi.advanceTimersByTime(milliseconds));
}

describe("what is loading", () => {
  it("is not shown for a moment, then as an outline, then with a way out", () => {
    vi.useFakeTimers();
    const cancel = vi.fn();
    render(<Loading onCancel={cancel} />);
    expect(screen.queryByRole("status")).toBeNull();
    pass(QUIET_MS);
    expect(screen.getByRole("status", { name: "Loading …" })).toBeTruthy();
    expect(screen.queryByRole("button")).toBeNull();
    pass(LONG_MS);
    screen.getByRole("button", { name: "Cancel" }).click();
    expect(cancel).toHaveBeenCalledOnce();
  });
});

describe("a problem", () => {
  it("says what, what the server said, what to do, and the number of the request", async () => {
    render(<Problem error={refusal(409, "LAST_OWNER", "the last owner cannot go")} onRetry={() => undefined} />);
    expect(screen.getByText("Something changed first")).toBeTruthy();
    expect(screen.getByText("the last owner cannot go")).toBeTruthy();
    expect(screen.getByText(/Nothing was changed by you/)).toBeTruthy();
    expect(screen.getByText(/LAST_OWNER · Request request-1/)).toBeTruthy();
    await expectAccessible();
  });

  it("is shown in the words of the screen where it knows the code", () => {
    render(<Problem error={refusal(409, "LAST_OWNER", "no")} words={{ LAST_OWNER: "Make another owner first." }} />);
    expect(screen.getByText("Make another owner first.")).toBeTruthy();
    expect(screen.queryByText("no")).toBeNull();
  });

  it("counts down until a call is possible again", () => {
    vi.useFakeTimers();
    const retry = vi.fn();
    render(<Problem error={refusal(429, "RATE_LIMITED")} onRetry={retry} />);
    expect(screen.getByRole("button", { name: "Possible again in 3 seconds" })).toHaveProperty("disabled", true);
    pass(2_000);
    expect(screen.getByRole("button", { name: "Possible again in 1 second" })).toBeTruthy();
    pass(1_000);
    screen.getByRole("button", { name: "Try again" }).click();
    expect(retry).toHaveBeenCalledOnce();
  });

  it("has words for every kind in every language", () => {
    const kinds: CallErrorKind[] = [
      "signed-out",
      "forbidden",
      "not-found",
      "conflict",
      "invalid",
      "too-many",
      "outcome-unknown",
      "unavailable",
      "offline",
      "unreadable",
    ];
    const texts = LANGUAGES.flatMap((language) =>
      kinds.map((kind) => {
        const { container, unmount } = render(
          <LanguageProvider language={language}>
            <Problem error={new CallError({ kind })} />
          </LanguageProvider>,
        );
        const text = container.textContent;
        unmount();
        return text;
      }),
    );
    expect(new Set(texts).size).toBe(2 * kinds.length);
    expect(texts.filter((text) => !text || text.includes("undefined"))).toEqual([]);
  });
});

describe("an answer", () => {
  const query = (some: object) => ({ data: undefined, error: null, refetch: vi.fn(), ...some }) as never;
  const shown = (some: object): ReactNode => (
    <Answer query={query(some) as UseQueryResult<string>}>{(data) => <p>{data}</p>}</Answer>
  );

  it("keeps what is there while a later read fails", () => {
    render(shown({ data: "four rows", error: refusal(503, "NOT_READY") }));
    expect(screen.getByText("four rows")).toBeTruthy();
    expect(screen.getByRole("alert")).toBeTruthy();
  });

  it("is a problem where nothing is there", () => {
    render(shown({ error: refusal(503, "NOT_READY") }));
    expect(screen.getByRole("button", { name: "Try again" })).toBeTruthy();
  });
});

describe("the other states", () => {
  it("an empty list has one sentence, one action and a page to read", async () => {
    render(
      <main>
        <Empty icon="key" title="There is no key yet." action={<button type="button">Create</button>} guide="/docs" />
      </main>,
    );
    expect(screen.getByRole("link", { name: "Read how it works" })).toHaveProperty("rel", "noopener noreferrer");
    await expectAccessible();
  });

  it("a missing permission is named, with people who could give it", () => {
    render(<Forbidden permission="keys" people={["owner@example.com"]} />);
    expect(screen.getByText(/“keys”.*owner@example.com/)).toBeTruthy();
  });

  it("newer rows are counted and shown on request", () => {
    const show = vi.fn();
    const { rerender } = render(<Newer count={0} onShow={show} />);
    expect(screen.queryByRole("button")).toBeNull();
    rerender(<Newer count={3} onShow={show} />);
    screen.getByRole("button", { name: "3 newer, show" }).click();
    expect(show).toHaveBeenCalledOnce();
  });

  it("without a network a bar says so, until there is one", () => {
    const online = vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);
    render(<OfflineBar />);
    expect(screen.getByText(/No connection/)).toBeTruthy();
    online.mockReturnValue(true);
    act(() => void window.dispatchEvent(new Event("online")));
    expect(screen.queryByText(/No connection/)).toBeNull();
  });
});
