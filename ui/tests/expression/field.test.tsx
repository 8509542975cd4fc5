/** The field: chips until it has the focus, then one editor; what the server says; picking. */

import { QueryClientProvider } from "@tanstack/react-query";
import { act, fireEvent, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiProvider } from "../../src/api/context";
import type { DataNode } from "../../src/api/queries/studio/steps";
import { createQueryClient } from "../../src/api/query-client";
import { ExpressionField } from "../../src/expression/ExpressionField";
import { JsonField } from "../../src/expression/JsonField";
import { DataPicker } from "../../src/expression/picker/DataPicker";
import { filteredTree, fitsNode } from "../../src/expression/picker/tree";
import { ExpressionProvider, type ExpressionSource } from "../../src/expression/source";
import type { Expected } from "../../src/expression/types";
import { judgementOf } from "../../src/expression/use-judgement";
import { ThemeProvider } from "../../src/kit/theme";
import { parseExact } from "../../src/shared/exact";
import { fakeApi, type Handlers } from "../fakes/api";
import { expectAccessible } from "../fakes/app";

const FINDING = { path: "", code: "MISSING", hint: "", line: 1, column: 1 };
const QUIET: Handlers = {
  validateExpression: () => ({ message: "success", errors: [], warnings: [], type: "text" }),
  evaluateExpression: ({ expression }) => ({
    message: "success",
    value: `value of ${expression}`,
    type: "text",
    is_present: true,
    error: null,
    fuel: { used: 1, limit: 1000 },
    now: 0,
  }),
};

interface OpenOptions {
  handlers?: Handlers;
  source?: Partial<ExpressionSource>;
  expected?: Expected;
  withPicker?: boolean;
}

interface HeldProps {
  first: string;
  expected: Expected;
  onChange: (text: string) => void;
}

/** A field whose value is kept, as a document keeps it. */
function Held({ first, expected, onChange }: HeldProps) {
  const [value, setValue] = useState(first);
  const change = (text: string): void => {
    onChange(text);
    setValue(text);
  };
  return <ExpressionField label="Subject" value={value} expected={expected} onChange={change} />;
}

function open(first: string, { handlers = {}, source = {}, expected = "text", withPicker = false }: OpenOptions = {}) {
  const api = fakeApi(QUIET, handlers);
  const onChange = vi.fn<(text: string) => void>();
  const where: ExpressionSource = {
    where: () => ({ definition: {}, step_id: "a" }),
    version: () => "1",
    sample: { payload: {} },
    unfinished: new Map(),
    ...source,
  };
  render(
    <ApiProvider api={api}>
      <QueryClientProvider client={createQueryClient(() => undefined, { repeats: 0 })}>
        <ThemeProvider theme="light" density="comfortable">
          <ExpressionProvider source={where}>
            <main>
              <h1>Orders</h1>
              <h2>Step</h2>
              <Held first={first} expected={expected} onChange={onChange} />
              <button type="button">elsewhere</button>
              {withPicker && <DataPicker />}
            </main>
          </ExpressionProvider>
        </ThemeProvider>
      </QueryClientProvider>
    </ApiProvider>,
  );
  return { api, onChange, user: userEvent.setup({ delay: null }) };
}

const field = () => screen.getByLabelText("Subject");

afterEach(() => {
  vi.useRealTimers();
});

describe("an expression field", () => {
  it("shows paths as chips, and the text again when it has the focus", async () => {
    const { user } = open("Order ${payload.output.po} of ${add(1, 2)}");
    expect(field().textContent).toBe("Order payloadpo of add(1, 2)");
    await expectAccessible();
    await user.click(field());
    await waitFor(() =>
      expect(field().textContent || (field() as HTMLTextAreaElement).value).toContain("${payload.output.po}"),
    );
    await user.click(screen.getByText("elsewhere"));
    await waitFor(() => expect(field().textContent).toBe("Order payloadpo of add(1, 2)"));
  });

  it("gives what is typed to the document when it is left, at once", async () => {
    const { user, onChange } = open("");
    await user.click(field());
    await user.paste("a ${b");
    await user.click(screen.getByText("elsewhere"));
    expect(onChange).toHaveBeenLastCalledWith("a ${b");
    expect(field().textContent).toBe("a ${b");
  });

  it("gives it before a command key acts", async () => {
    const { user, onChange } = open("");
    await user.click(field());
    await user.paste("typed");
    fireEvent.keyDown(window, { key: "s", ctrlKey: true });
    expect(onChange).toHaveBeenLastCalledWith("typed");
  });

  it("shows the value on the sample and its type", async () => {
    const { user } = open("${payload.output.po}");
    await user.click(field());
    expect(await screen.findByText("value of payload.output.po")).toBeTruthy();
    expect(screen.getByText("gives: text")).toBeTruthy();
  });

  it("says that a value may be missing, and takes another instead", async () => {
    const warning = { ...FINDING, message: "may be missing", position: 0, length: 17 };
    const { user, onChange } = open("${payload.output.po}", {
      handlers: {
        validateExpression: () => ({ message: "success", errors: [], warnings: [warning], type: "text or null" }),
      },
    });
    await user.click(field());
    await user.click(await screen.findByText("Use coalesce(payload.output.po, '')"));
    await waitFor(() => expect(onChange).toHaveBeenLastCalledWith("${coalesce(payload.output.po, '')}"));
  });

  it("says that the type is wrong", async () => {
    const { user } = open("${payload.output.items}", {
      expected: "number",
      handlers: { validateExpression: () => ({ message: "success", errors: [], warnings: [], type: "list of text" }) },
    });
    await user.click(field());
    expect(await screen.findByText(/This field needs a number; the expression gives: list of text/)).toBeTruthy();
  });

  it("shows an error at its place, counted in characters", async () => {
    const error = { ...FINDING, code: "SYNTAX", message: "is not closed", position: 2, length: 1 };
    const { user } = open("𝄞 ${add(}", {
      handlers: { validateExpression: () => ({ message: "success", errors: [error], warnings: [], type: null }) },
    });
    await user.click(field());
    const caret = await screen.findByText(/\^/);
    expect(caret.textContent).toBe("𝄞 ${add(}\n  ^");
  });

  it("asks nothing about a text without expressions", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const { user, api } = open("plain");
    await user.click(field());
    await act(() => vi.advanceTimersByTimeAsync(1_000));
    expect(api.calls.filter(([id]) => id === "validateExpression" || id === "evaluateExpression")).toEqual([]);
  });

  it("asks nothing about a text before the one that is typed, though what is typed changes the document", async () => {
    const asked: unknown[] = [];
    let version = 1;
    const { user, onChange } = open("${a}", {
      handlers: {
        validateExpression: ({ expression, template }) => {
          asked.push(expression ?? template);
          return { message: "success", errors: [], warnings: [], type: "text" };
        },
      },
      source: { version: () => String(version) },
    });
    onChange.mockImplementation(() => {
      version += 1;
    });
    await user.click(field());
    await waitFor(() => expect(asked).toEqual(["a"]));
    await user.paste("b");
    await waitFor(() => expect(onChange).toHaveBeenCalledOnce());
    await waitFor(() => expect(asked.at(-1)).toBe("${a}b"));
    expect(asked).toEqual(["a", "${a}b"]);
  });

  it("takes no text of ten megabytes, neither pasted nor dropped, and says why", async () => {
    const { user, onChange } = open("kept");
    await user.click(field());
    const large = { getData: (type: string) => (type === "text/plain" ? "x".repeat(10_000_000) : "") };
    const clipboardData = { ...large, types: ["text/plain"] };
    expect(fireEvent.paste(field(), { clipboardData })).toBe(false);
    expect(await screen.findByRole("alert")).toHaveProperty("textContent", expect.stringMatching(/more than 1 MB/));
    expect(fireEvent.drop(field(), { dataTransfer: large })).toBe(false);
    await user.paste(" and more");
    expect(screen.queryByRole("alert")).toBeNull();
    await user.click(screen.getByText("elsewhere"));
    expect(onChange).toHaveBeenLastCalledWith(expect.stringMatching(/^(kept and more| and morekept)$/));
  });

  it("has markup as the text that it is", async () => {
    const markup = '<img src="x" onerror="document.title = 1"><b>${payload.output.po}</b>';
    const { user, onChange } = open("");
    await user.click(field());
    await user.paste(markup);
    await user.click(screen.getByText("elsewhere"));
    expect(onChange).toHaveBeenLastCalledWith(markup);
    expect(field().querySelector("img, b")).toBeNull();
    expect(field().textContent).toContain('<img src="x"');
  });

  it("is typed on while an expression never ends, whose calculation is given up then", async () => {
    const asked: AbortSignal[] = [];
    const { user, onChange } = open("", {
      handlers: {
        evaluateExpression: (_, { signal }) => {
          if (signal !== undefined) asked.push(signal);
          return new Promise(() => undefined);
        },
      },
    });
    await user.click(field());
    await user.paste("${endless}");
    await waitFor(() => expect(asked).toHaveLength(1));
    await user.paste(" more");
    await waitFor(() => expect(asked[0]?.aborted).toBe(true));
    await user.click(screen.getByText("elsewhere"));
    expect(onChange.mock.lastCall?.[0]).toContain(" more");
  });

  it("stays usable without the server", async () => {
    const { user, onChange } = open("${a}", {
      handlers: {
        validateExpression: () => Promise.reject(new Error("offline")),
        evaluateExpression: () => Promise.reject(new Error("offline")),
      },
    });
    await user.click(field());
    await user.paste("b");
    await user.click(screen.getByText("elsewhere"));
    expect(onChange).toHaveBeenCalled();
  });
});

describe("findings", () => {
  it("of one expression lie behind its `${`, in units", () => {
    const finding = { ...FINDING, message: "x", position: 2, length: 1 };
    const judged = judgementOf("${𝄞.a}", "𝄞.a", { message: "", errors: [finding], warnings: [], type: null });
    expect(judged.errors[0]?.span).toEqual({ from: 5, to: 6 });
    expect("${𝄞.a}".slice(5, 6)).toBe("a");
  });
});

describe("JSON", () => {
  function openJson(value: unknown) {
    const onChange = vi.fn<(value: unknown) => void>();
    const unfinished = new Map<string, string>();
    const source: ExpressionSource = { where: () => ({}), version: () => "", sample: null, unfinished };
    const shown = () => (
      <ApiProvider api={fakeApi(QUIET)}>
        <QueryClientProvider client={createQueryClient(() => undefined)}>
          <ThemeProvider theme="light" density="comfortable">
            <ExpressionProvider source={source}>
              <JsonField label="Body" name="a/body" value={value} onChange={onChange} />
              <button type="button">elsewhere</button>
            </ExpressionProvider>
          </ThemeProvider>
        </QueryClientProvider>
      </ApiProvider>
    );
    return { ...render(shown()), shown, onChange, unfinished, user: userEvent.setup({ delay: null }) };
  }

  it("that is not finished stays, also when the form is closed and opened again", async () => {
    const { user, onChange, unfinished, unmount, shown } = openJson(undefined);
    await user.click(screen.getByLabelText("Body"));
    await user.paste('{"a": 1,');
    await user.click(screen.getByText("elsewhere"));
    expect(onChange).not.toHaveBeenCalled();
    expect(screen.getByText(/Line 1: this is not JSON/)).toBeTruthy();
    expect(unfinished.get("a/body")).toBe('{"a": 1,');
    unmount();
    render(shown());
    expect(screen.getByLabelText("Body").textContent).toBe('{"a": 1,');
  });

  it("keeps the digits of its numbers", () => {
    openJson(parseExact('{"n": 1.0, "big": 12345678901234567890}'));
    expect(screen.getByLabelText("Body").textContent).toBe('{\n  "n": 1.0,\n  "big": 12345678901234567890\n}');
  });
});

const node = (name: string, some: Partial<DataNode> = {}): DataNode => ({
  name,
  path: name,
  type: "text",
  kinds: ["text"],
  certainty: "ALWAYS",
  from: { kind: "payload" },
  children: [],
  ...some,
});

const TREE: DataNode[] = [
  node("payload", {
    kinds: ["object"],
    type: "object",
    children: [
      node("po", { path: "payload.output.po", sample: "4500000101" }),
      node("lines", { path: "payload.output.lines", type: "list of object", kinds: ["list"] }),
    ],
  }),
  node("http_1", {
    from: { kind: "step", step: "http_1" },
    kinds: ["object"],
    type: "object",
    children: [node("rate", { path: "http_1.output.rate", type: "number", kinds: ["number"], certainty: "MAYBE" })],
  }),
];

describe("the data tree", () => {
  const handlers: Handlers = {
    describeData: () => ({ message: "success", count: 5, items: TREE, is_cut: false }),
  };

  it("inserts a value at the cursor of the field that had the focus", async () => {
    const { user, onChange } = open("Order ", { handlers, withPicker: true });
    // A click of jsdom, which has no layout, would put the cursor before the text.
    act(() => field().focus());
    await user.type(screen.getByLabelText("Find a value"), "po");
    await user.click(await screen.findByTitle("payload.output.po"));
    expect(screen.getByText("Goes into “Subject”")).toBeTruthy();
    await waitFor(() => expect(onChange).toHaveBeenLastCalledWith("Order ${payload.output.po}"));
    await expectAccessible();
  });

  it("replaces the text of a field onto which a value is dragged", async () => {
    const { onChange } = open("old", { handlers, withPicker: true });
    const data = new Map<string, string>();
    const dataTransfer = {
      get types() {
        return [...data.keys()];
      },
      setData: (type: string, value: string) => data.set(type, value),
      getData: (type: string) => data.get(type) ?? "",
      effectAllowed: "",
    };
    await userEvent.setup({ delay: null }).type(screen.getByLabelText("Find a value"), "rate");
    fireEvent.dragStart(await screen.findByTitle("http_1.output.rate"), { dataTransfer });
    fireEvent.drop(field(), { dataTransfer });
    await waitFor(() => expect(onChange).toHaveBeenLastCalledWith("${http_1.output.rate}"));
    expect(screen.getByText("may be missing")).toBeTruthy();
  });

  it("shows what fits, with what leads to it", () => {
    expect(
      filteredTree(TREE, { term: "", expected: "list" }).map(({ name, children }) => [name, children.length]),
    ).toEqual([["payload", 1]]);
    expect(filteredTree(TREE, { term: "RATE", expected: "any" }).map(({ name }) => name)).toEqual(["http_1"]);
    expect(filteredTree(TREE, { term: "none", expected: "any" })).toEqual([]);
    expect(fitsNode(node("x", { kinds: [] }), "number")).toBe(true);
  });
});
