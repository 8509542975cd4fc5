/** The editor itself: text is text, its own undo first, completions, marks, the nonce of the page. */

import { CompletionContext } from "@codemirror/autocomplete";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Completion } from "../../src/api/queries/expression/expressions";
import { completionSource, placeOf } from "../../src/expression/editor/completing";
import { openEditor } from "../../src/expression/editor/open";
import type { EditorOptions, OpenEditor } from "../../src/expression/editor/options";

const opened: OpenEditor[] = [];

afterEach(() => {
  for (const editor of opened.splice(0)) editor.close();
  document.body.replaceChildren();
});

function open(text: string, some: Partial<EditorOptions> = {}) {
  const parent = document.body.appendChild(document.createElement("div"));
  const onChange = vi.fn<(text: string) => void>();
  const editor = openEditor({
    parent,
    text,
    label: "URL",
    mode: "expression",
    isMultiline: false,
    nonce: "nonce-1",
    complete: () => Promise.resolve([]),
    describe: () => null,
    onChange,
    onHelp: () => undefined,
    onUndo: () => false,
    onRedo: () => false,
    ...some,
  });
  opened.push(editor);
  const view = EditorView.findFromDOM(parent);
  if (view === null) throw new Error("no editor");
  const press = (key: string, more: KeyboardEventInit = {}): void => {
    view.contentDOM.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
  };
  return { editor, view, onChange, press, text: () => view.state.doc.toString() };
}

describe("the editor", () => {
  it("has the name of its field and the nonce of the page", () => {
    const { view } = open("a");
    expect(view.contentDOM.getAttribute("aria-label")).toBe("URL");
    expect(document.querySelector("style[nonce='nonce-1']")).not.toBeNull();
  });

  it("inserts a path bare within an expression, and as an expression elsewhere", () => {
    const { editor, view, text } = open("${add(, 1)} ");
    view.dispatch({ selection: { anchor: 6 } });
    editor.insertPath("payload.output.a");
    expect(text()).toBe("${add(payload.output.a, 1)} ");
    view.dispatch({ selection: { anchor: view.state.doc.length } });
    editor.insertPath("payload.output.b");
    expect(text()).toBe("${add(payload.output.a, 1)} ${payload.output.b}");
  });

  it("puts the cursor into a function that was chosen", () => {
    const { editor, view, text } = open("");
    editor.insertFunction("toUpper");
    expect(text()).toBe("${toUpper()}");
    expect(view.state.selection.main.head).toBe("${toUpper(".length);
  });

  it("closes the brace of an expression that is begun, also after a clef", () => {
    const { view, text } = open("𝄞$");
    const [handler] = view.state.facet(EditorView.inputHandler);
    const insert = () => view.state.update({});
    expect(handler?.(view, 3, 3, "{", insert)).toBe(true);
    expect(text()).toBe("𝄞${}");
    expect(view.state.selection.main.head).toBe(4);
  });

  it("goes past the brace that closes an expression when it is typed, and past no other", () => {
    const { view, text } = open("${a} }");
    const [handler] = view.state.facet(EditorView.inputHandler);
    const insert = () => view.state.update({});
    view.dispatch({ selection: { anchor: 3 } });
    expect(handler?.(view, 3, 3, "}", insert)).toBe(true);
    expect(text()).toBe("${a} }");
    expect(view.state.selection.main.head).toBe(4);
    expect(handler?.(view, 4, 4, "}", insert)).toBe(false);
    expect(handler?.(view, 5, 5, "}", insert)).toBe(false);
    expect(handler?.(view, 2, 3, "}", insert)).toBe(false);
  });

  it("undoes what was typed here first, then asks the document", () => {
    const onUndo = vi.fn(() => true);
    const { editor, press, text } = open("one", { onUndo });
    editor.replace({ from: 0, to: 3 }, "two");
    press("z", { ctrlKey: true });
    expect(text()).toBe("one");
    expect(onUndo).not.toHaveBeenCalled();
    press("z", { ctrlKey: true });
    expect(onUndo).toHaveBeenCalledOnce();
    expect(text()).toBe("one");
  });

  it("shows a text that the document has changed, which is no step of its own undo", () => {
    const onUndo = vi.fn(() => true);
    const { editor, press, text, onChange } = open("one", { onUndo });
    editor.setText("one more");
    expect(text()).toBe("one more");
    expect(onChange).not.toHaveBeenCalled();
    press("z", { ctrlKey: true });
    expect(onUndo).toHaveBeenCalledOnce();
  });

  it("keeps any text as it is, and adds no line by Enter in a field of one line", () => {
    for (const given of ["${", "}{", "a\\${b}", "𝄞".repeat(50), "${'}'}", "<b onclick=x>"]) {
      const { text, press } = open(given);
      press("Enter");
      expect(text()).toBe(given);
    }
  });

  it("asks for help by F1", () => {
    const onHelp = vi.fn();
    const { press } = open("", { onHelp });
    press("F1");
    expect(onHelp).toHaveBeenCalledOnce();
  });

  it("bears marks beyond the end of a text that became shorter", () => {
    const { editor, text } = open("${abc}");
    editor.setMarks([
      { from: 2, to: 50, severity: "error", message: "x" },
      { from: 90, to: 99, severity: "error", message: "y" },
    ]);
    expect(text()).toBe("${abc}");
  });

  it("takes a key within a frame", () => {
    const { view } = open(`\${${"add(payload.output.amount, ".repeat(40)}1${")".repeat(40)}}`);
    const times: number[] = [];
    for (let key = 0; key < 60; key += 1) {
      const before = performance.now();
      view.dispatch({ changes: { from: 2, insert: "a" }, userEvent: "input.type" });
      times.push(performance.now() - before);
    }
    const sorted = times.toSorted((a, b) => a - b);
    expect(sorted[30] ?? 0).toBeLessThan(16);
  });
});

describe("completion", () => {
  const field: Completion = {
    label: "output",
    kind: "field",
    detail: "object",
    insert: "output",
    position: 12,
    length: 2,
  };

  function asked(text: string, complete: EditorOptions["complete"], position = text.length) {
    const context = new CompletionContext(EditorState.create({ doc: text }), position, false);
    return completionSource({ complete, describe: () => "says more" })(context);
  }

  it("asks at the position in code points, and answers in units", async () => {
    const complete = vi.fn(() => Promise.resolve([field]));
    const result = await asked("𝄞 ${payload.ou}", complete, 14);
    expect(complete).toHaveBeenCalledWith("𝄞 ${payload.ou}", 13, expect.anything());
    expect(result).toMatchObject({ from: 13, to: 15, options: [{ label: "output", type: "property" }] });
  });

  it("begins an expression in place of a slash that begins a word", async () => {
    const complete = vi.fn(() =>
      Promise.resolve([{ ...field, label: "payload", insert: "payload", position: 8, length: 0 }]),
    );
    const result = await asked("Order /", complete);
    expect(complete).toHaveBeenCalledWith("Order ${", 8, expect.anything());
    expect(result).toMatchObject({ from: 6, to: 7, options: [{ apply: "${payload}" }] });
    expect(placeOf("https://a", 7)).toBeNull();
    expect(placeOf("a/", 2)).toBeNull();
  });

  it("takes a text without `${}` as one expression in a bare field", async () => {
    const complete = vi.fn(() => Promise.resolve([{ ...field, position: 10, length: 2 }]));
    const source = completionSource({ complete, describe: () => null, isBare: true });
    const at = (text: string) => source(new CompletionContext(EditorState.create({ doc: text }), text.length, false));
    expect(await at("payload.ou")).toMatchObject({ from: 8, to: 10 });
    expect(complete).toHaveBeenCalledWith("${payload.ou}", 12, expect.anything());
    expect(await at("1 /")).toBeNull();
    const { editor, text } = open("add(", { isBare: true });
    editor.insertPath("payload.output.a");
    expect(text()).toBe("add(payload.output.a");
  });

  it("keeps an answer for the same text before the cursor", async () => {
    const complete = vi.fn(() => Promise.resolve([field]));
    const source = completionSource({ complete, describe: () => null });
    const at = () => source(new CompletionContext(EditorState.create({ doc: "${payload.ou}" }), 12, false));
    await at();
    await at();
    expect(complete).toHaveBeenCalledOnce();
  });

  it("is silent outside of expressions, without the server, and where nothing is known", async () => {
    expect(await asked("plain", () => Promise.resolve([field]))).toBeNull();
    expect(await asked("${a", () => Promise.reject(new Error("offline")))).toBeNull();
    expect(await asked("${a", () => Promise.resolve([]))).toBeNull();
  });
});
