/** What is drawn only once the frame before it is painted. */

import { act, renderHook, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { useAfterPaint } from "../../src/studio/screen/after-paint";

/** The frames that were asked for, by their numbers. */
const frames = new Map<number, FrameRequestCallback>();

function paint(): void {
  const due = [...frames.values()];
  frames.clear();
  for (const draw of due) draw(0);
}

beforeEach(() => {
  let asked = 0;
  vi.spyOn(window, "requestAnimationFrame").mockImplementation((draw) => {
    asked += 1;
    frames.set(asked, draw);
    return asked;
  });
  vi.spyOn(window, "cancelAnimationFrame").mockImplementation((frame) => void frames.delete(frame));
});

afterEach(() => frames.clear());

const pause = (): Promise<void> => act(() => new Promise<void>((done) => setTimeout(done, 20)));

describe("what follows a frame", () => {
  it("stays as it was until the frame is painted, and then is the newest", async () => {
    const { result, rerender } = renderHook(useAfterPaint<string>, { initialProps: "none" });
    rerender("first");
    rerender("second");
    await pause();
    expect(result.current).toBe("none");
    paint();
    expect(result.current).toBe("none");
    await waitFor(() => expect(result.current).toBe("second"));
    expect(frames.size).toBe(0);
  });

  it("waits for no frame of a page that is hidden", async () => {
    vi.spyOn(document, "hidden", "get").mockReturnValue(true);
    const { result, rerender } = renderHook(useAfterPaint<string>, { initialProps: "none" });
    rerender("first");
    await waitFor(() => expect(result.current).toBe("first"));
    expect(frames.size).toBe(0);
  });

  it("asks for no frame of what is gone", () => {
    const { rerender, unmount } = renderHook(useAfterPaint<string>, { initialProps: "none" });
    rerender("first");
    expect(frames.size).toBe(1);
    unmount();
    expect(frames.size).toBe(0);
  });
});
