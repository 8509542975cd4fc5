/** Whether the browser has a network. Without one, writes are disabled and a bar says why. */

import { useSyncExternalStore } from "react";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { Icon } from "../icons";
import styles from "./states.module.css";

/** Returns whether the browser has a network. */
export function useIsOnline(): boolean {
  return useSyncExternalStore(
    (onChange) => {
      window.addEventListener("online", onChange);
      window.addEventListener("offline", onChange);
      return () => {
        window.removeEventListener("online", onChange);
        window.removeEventListener("offline", onChange);
      };
    },
    () => navigator.onLine,
  );
}

/** Says that the browser has no network while it has none. */
export function OfflineBar() {
  const text = useText(SHARED);
  const isOnline = useIsOnline();
  return (
    <div role="status">
      {!isOnline && (
        <p className={styles.offline}>
          <Icon name="offline" size={16} />
          {text.offline}
        </p>
      )}
    </div>
  );
}
