import { renderHook } from "@testing-library/react";
import { expect, it } from "vitest";
import { useFlushes } from "../../src/editing/keeping/use-flushes";
import { createFlag, SignedOutProvider } from "../../src/session/signed-out";

it("saves when the window is left, the network is there again, and the person has signed in again, while it is shown", () => {
  const flag = createFlag();
  let saves = 0;
  const flush = (): void => {
    saves += 1;
  };
  const { unmount } = renderHook(() => useFlushes(flush), {
    wrapper: ({ children }) => <SignedOutProvider flag={flag}>{children}</SignedOutProvider>,
  });
  const act = (): void => {
    window.dispatchEvent(new Event("blur"));
    window.dispatchEvent(new Event("online"));
    flag.set(true);
    flag.set(false);
    // The page is still visible.
    document.dispatchEvent(new Event("visibilitychange"));
  };
  act();
  expect(saves).toBe(3);
  unmount();
  act();
  expect(saves).toBe(3);
});
