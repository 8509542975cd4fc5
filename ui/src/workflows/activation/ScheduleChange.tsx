import type { ActivationPreview } from "../../api/queries/workflows/activation";
import { Note } from "../../kit/Note";
import { Section } from "../../kit/Page";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "./activation.module.css";
import { Fires } from "./Fires";

type Schedule = ActivationPreview["schedule"];
type Side = NonNullable<Schedule["before"]>;

/** The next fires as they are now, and as they will be. */
export function ScheduleChange({ schedule: { before, after, is_paused: isPaused } }: { schedule: Schedule }) {
  const { activation: text } = useText(TEXTS);
  if (before === null && after === null) return null;
  return (
    <Section title={text.schedule}>
      {isPaused && <Note tone="warning">{text.isPaused}</Note>}
      <div className={styles.sides}>
        <Fired title={text.now} side={before} />
        <Fired title={text.after} side={after} />
      </div>
    </Section>
  );
}

function Fired({ title, side }: { title: string; side: Side | null }) {
  const { activation: text } = useText(TEXTS);
  return (
    <section>
      <h3 className={styles.side}>{title}</h3>
      {side === null ? <p>{text.noSchedule}</p> : <Fires label={title} items={side.items} timezone={side.timezone} />}
    </section>
  );
}
