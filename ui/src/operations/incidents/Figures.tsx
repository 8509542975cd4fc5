/** How much is open now, in four numbers. */

import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../api/context";
import { countsQuery } from "../../api/queries/operations/operations";
import { TONE_ICONS, type Tone } from "../../kit/Chip";
import { Icon, type IconName } from "../../kit/icons";
import { useText } from "../../text/language";
import { useTimes } from "../../text/time";
import { TEXTS } from "../text";
import styles from "./Incidents.module.css";

export function Figures({ causes }: { causes: number }) {
  const { figures: text } = useText(TEXTS);
  const counts = useQuery(countsQuery(useApi())).data?.item;
  if (counts === undefined) return null;
  const { open, cards, letters } = counts;
  return (
    <ul className={styles.figures} aria-label={text.label}>
      <Figure tone="failed" name={text.stopped} value={open.FAILED} hint={text.causes(causes)} />
      <Figure tone="waiting" name={text.waiting} value={open.WAITING} hint={text.waitingHint} />
      <Figure tone="waiting" icon="people" name={text.people} value={cards} hint={text.cards} />
      <Figure tone="running" name={text.running} value={open.RUNNING} hint={text.letters(letters)} />
    </ul>
  );
}

interface FigureProps {
  tone: Tone;
  icon?: IconName;
  name: string;
  value: number;
  hint: string;
}

function Figure({ tone, icon, name, value, hint }: FigureProps) {
  const { formats } = useTimes();
  return (
    <li className={`${styles.figure} ${styles[tone]}`}>
      <span className={styles.tile}>
        <Icon name={icon ?? TONE_ICONS[tone]} />
      </span>
      <div>
        <p className={styles.hint}>{name}</p>
        <p className={styles.value}>{formats.number(value)}</p>
      </div>
      <p className={styles.hint}>{hint}</p>
    </li>
  );
}
