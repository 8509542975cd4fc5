import { fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { watchPresses } from "../../src/shared/presses";
import type { Command } from "../../src/shell/commands/commands";
import { useKeyboard } from "../../src/shell/commands/keyboard";

let ran: string[] = [];
let clicks = 0;
let end = (): void => undefined;

const command = (keys: string, more: Partial<Command> = {}): Command => ({
  ...{ id: keys, text: keys, icon: "done", group: "Here", keys, run: () => ran.push(keys) },
  ...more,
});
const COMMANDS = [command("a"), command("j", { mayRepeat: true }), command("Ctrl+S")];

function Screen() {
  useKeyboard(COMMANDS);
  return (
    <>
      <button type="button" onKeyDown={({ key, defaultPrevented }) => key === "Enter" && !defaultPrevented && clicks++}>
        Send
      </button>
      <textarea aria-label="Text" onKeyDown={({ key }) => key === "Enter" && clicks++} />
    </>
  );
}

beforeEach(() => {
  ran = [];
  clicks = 0;
  end = watchPresses(window);
  render(<Screen />);
});
afterEach(() => end());

describe("a key that is held", () => {
  it("runs a command once, and one that moves a selection again and again", () => {
    for (const key of ["a", "j"]) {
      fireEvent.keyDown(document.body, { key });
      for (let at = 0; at < 3; at += 1) fireEvent.keyDown(document.body, { key, repeat: true });
      fireEvent.keyUp(document.body, { key });
    }
    expect(ran).toEqual(["a", "j", "j", "j", "j"]);
  });

  it("is held until it is released, also where the keyboard does not say that it repeats", () => {
    fireEvent.keyDown(document.body, { key: "a", code: "KeyA" });
    fireEvent.keyDown(document.body, { key: "a", code: "KeyA" });
    expect(ran).toEqual(["a"]);
    // Shift was pressed in between.
    fireEvent.keyUp(document.body, { key: "A", code: "KeyA" });
    fireEvent.keyDown(document.body, { key: "a", code: "KeyA" });
    expect(ran).toEqual(["a", "a"]);
  });

  it("is forgotten where its release goes elsewhere: to another window, to a frame, under Cmd", () => {
    fireEvent.keyDown(document.body, { key: "a" });
    fireEvent.blur(window);
    fireEvent.keyDown(document.body, { key: "a" });
    fireEvent.keyUp(document.body, { key: "a" });
    fireEvent.keyDown(window, { key: "a" });
    fireEvent.keyDown(window, { key: "a" });
    fireEvent.keyDown(window, { key: "a", repeat: true });
    for (let at = 0; at < 2; at += 1) fireEvent.keyDown(document.body, { key: "s", metaKey: true });
    expect(ran).toEqual(["a", "a", "a", "a", "Ctrl+S", "Ctrl+S"]);
  });

  it("presses no button that has got the focus since, and writes line after line", () => {
    const button = screen.getByRole("button");
    fireEvent.keyDown(button, { key: "Enter" });
    fireEvent.keyDown(button, { key: "Enter", repeat: true });
    expect(clicks).toBe(1);
    expect(fireEvent.keyDown(button, { key: "Enter", repeat: true })).toBe(false);
    const text = screen.getByRole("textbox");
    expect(fireEvent.keyDown(text, { key: "Enter", repeat: true })).toBe(true);
    expect(clicks).toBe(2);
  });
});
