/** The keys that work on this screen. */

import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
} from "@fluentui/react-components";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { TEXTS } from "../text";
import { useCommandList } from "./commands";
import { byGroup } from "./find";
import { Keys } from "./Keys";
import styles from "./Shortcuts.module.css";

export function Shortcuts({ onClose }: { onClose: () => void }) {
  const text = useText(TEXTS);
  const shared = useText(SHARED);
  const withKeys = useCommandList().filter(({ keys }) => keys !== undefined);
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && onClose()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{text.shortcuts}</DialogTitle>
          <DialogContent>
            {byGroup(withKeys).map(([group, commands]) => (
              <section key={group}>
                <h3 className={styles.group}>{group}</h3>
                <dl className={styles.list}>
                  {commands.map(({ id, text: name, keys = "" }) => (
                    <div key={id}>
                      <dt>{name}</dt>
                      <dd>
                        <Keys keys={keys} />
                      </dd>
                    </div>
                  ))}
                </dl>
              </section>
            ))}
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>{shared.close}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
