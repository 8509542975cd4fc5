import { useEffect } from "react";
import { useSignedOutFlag } from "../../session/signed-out";

/** Saves when the page loses the focus or goes away, the network is there again, or the person has signed in again. */
export function useFlushes(flush: () => void): void {
  const flag = useSignedOutFlag();
  useEffect(() => flag.subscribe(() => !flag.get() && flush()), [flag, flush]);
  useEffect(() => {
    const leave = (): void => {
      if (document.visibilityState === "hidden") flush();
    };
    window.addEventListener("blur", flush);
    window.addEventListener("online", flush);
    document.addEventListener("visibilitychange", leave);
    return () => {
      window.removeEventListener("blur", flush);
      window.removeEventListener("online", flush);
      document.removeEventListener("visibilitychange", leave);
    };
  }, [flush]);
}
