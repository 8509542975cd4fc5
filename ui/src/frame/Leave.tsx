import { Confirm } from "../kit/Confirm";
import { useText } from "../text/language";
import styles from "./CardFrame.module.css";
import type { OutsideLink } from "./links";
import { TEXTS } from "./text";

/** Shows where a link of a card leads, before it is opened. */
export function Leave({ link, onClose }: { link: OutsideLink; onClose: () => void }) {
  const text = useText(TEXTS);
  const open = (): void => {
    window.open(link.url, "_blank", "noopener,noreferrer");
    onClose();
  };
  return (
    <Confirm title={text.openTitle(link.host)} verb={text.open} onConfirm={open} onClose={onClose}>
      <p>{text.openHint}</p>
      <p className={styles.address}>{link.url}</p>
    </Confirm>
  );
}
