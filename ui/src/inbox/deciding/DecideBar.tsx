/** The buttons of the card, always on the screen: what is usually chosen is filled and is the last one. */

import { Button } from "@fluentui/react-components";
import type { ButtonStyle } from "../../frame/buttons";
import type { FrameButton } from "../../frame/messages";
import { useIsOnline } from "../../kit/states/offline";
import { useIsPhone } from "../../kit/theme";
import { type Command, useCommands } from "../../shell/commands/commands";
import { TEXTS as SHELL } from "../../shell/text";
import { useText } from "../../text/language";
import styles from "../Card.module.css";
import { TEXTS } from "../text";
import { type CardItem, inOrder } from "./decide";

interface DecideBarProps {
  item: CardItem;
  buttons: readonly FrameButton[];
  isBusy: boolean;
  /** Presses a button of the card by its place, for a click or for a key. */
  onPress: (at: number, isKey: boolean) => void;
  onComment: () => void;
}

const KEYS: Readonly<Record<ButtonStyle, string | null>> = { default: null, destructive: "r", positive: "a" };

export function DecideBar({ item, buttons, isBusy, onPress, onComment }: DecideBarProps) {
  const text = useText(TEXTS);
  const isPhone = useIsPhone();
  const isOnline = useIsOnline();
  const placed = inOrder(buttons.map((button, at) => ({ ...button, at })));
  useDecideCommands(placed, isBusy ? null : onPress, onComment);
  if (placed.length === 0) return null;
  const { quorum = 1, recipients = 1 } = item.approval ?? {};
  return (
    <footer className={styles.bar}>
      {!isPhone && (
        <>
          <p className={styles.hint}>{recipients > 1 ? text.quorum(quorum, recipients) : text.final}</p>
          {/* Help (?) reads the same to who cannot see it. */}
          <p className={styles.keys} aria-hidden="true">
            <kbd className={styles.key}>j</kbd>
            <kbd className={styles.key}>k</kbd>
            <span>{text.keys.nextShort}</span>
            <kbd className={styles.key}>c</kbd>
            <span>{text.keys.commentShort}</span>
          </p>
        </>
      )}
      {placed.map(({ title, style, at }) => (
        <Button
          key={at}
          size="large"
          appearance={style === "positive" ? "primary" : "outline"}
          className={style === "destructive" ? `${styles.button} ${styles.destructive}` : styles.button}
          disabled={isBusy || !isOnline}
          onClick={() => onPress(at, false)}
        >
          {title}
          {!isPhone && KEYS[style] !== null && <kbd className={styles.key}>{KEYS[style]}</kbd>}
        </Button>
      ))}
    </footer>
  );
}

function useDecideCommands(
  buttons: readonly (FrameButton & { at: number })[],
  onPress: ((at: number, isKey: boolean) => void) | null,
  onComment: () => void,
): void {
  const { keys: text } = useText(TEXTS);
  const { groups } = useText(SHELL);
  const commands: Command[] = [
    { id: "comment", group: groups.here, text: text.comment, icon: "note", keys: "c", run: onComment },
  ];
  for (const style of ["positive", "destructive"] as const) {
    const button = buttons.find((each) => each.style === style);
    if (button === undefined) continue;
    commands.push({
      id: style,
      group: groups.here,
      text: button.title,
      icon: style === "positive" ? "done" : "close",
      keys: KEYS[style] ?? "",
      run: () => onPress?.(button.at, true),
    });
  }
  useCommands(commands);
}
