import { act, renderHook } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { type Reading, useWritten } from "../../src/cards/json/use-written";
import type { JsonObject } from "../../src/shared/http";

const format = (value: JsonObject): string => JSON.stringify(value);

function written(initial: JsonObject) {
  const taken: JsonObject[] = [];
  const read = (text: string): Reading<JsonObject> => {
    try {
      const value: JsonObject = JSON.parse(text);
      return {
        take: () => {
          taken.push(value);
          return value;
        },
      };
    } catch {
      return { wrong: "unreadable" };
    }
  };
  const hook = renderHook(({ value }) => useWritten(value, format, read), { initialProps: { value: initial } });
  const write = (text: string): void => act(() => hook.result.current.write(text));
  const settle = (): void => act(() => hook.result.current.settle());
  return { ...hook, taken, write, settle, now: () => hook.result.current };
}

describe("a text of JSON that is written", () => {
  it("is taken after a pause, and stays as it was written", () => {
    const { taken, write, settle, now, rerender } = written({ a: 1 });
    expect(now().text).toBe('{"a":1}');
    write('{ "a": 2 }');
    expect(taken).toEqual([]);
    settle();
    rerender({ value: taken[0] ?? {} });
    expect(taken).toEqual([{ a: 2 }]);
    expect(now()).toMatchObject({ text: '{ "a": 2 }', wrong: "" });
  });

  it("stays while it cannot be read, and the value as it was", () => {
    const first: JsonObject = { a: 1 };
    const { taken, write, settle, now, rerender } = written(first);
    write('{"a":');
    settle();
    rerender({ value: first });
    expect(now()).toMatchObject({ text: '{"a":', wrong: "unreadable" });
    expect(taken).toEqual([]);
  });

  it("gives way to a value that was changed elsewhere", () => {
    const { write, settle, now, rerender } = written({ a: 1 });
    write("{");
    settle();
    expect(now()).toMatchObject({ text: "{", wrong: "unreadable" });
    rerender({ value: { a: 3 } });
    expect(now()).toMatchObject({ text: '{"a":3}', wrong: "" });
  });
});
