/** Other channels of a card: when, by which one, and for which cards. */

import { ChoiceField } from "../../../kit/fields/ChoiceField";
import { DurationField } from "../../../kit/fields/DurationField";
import type { FieldProps } from "../../../kit/fields/field";
import { useInputs } from "../../../kit/fields/inputs";
import { isObject } from "../../../shared/http";
import { useText } from "../../../text/language";
import styles from "../Panels.module.css";
import { PANEL_TEXTS } from "../text";
import { AppField, useChannels } from "./ChannelField";
import { channelsBefore, INBOX, MOST_FALLBACKS } from "./channels";
import type { StepEdit } from "./edit";
import { AddButton, RemoveButton } from "./ListButtons";

const BEGUN = "PT4H";

export function FallbackField({ edit, field }: { edit: StepEdit; field: FieldProps }) {
  const { fallback: text } = useText(PANEL_TEXTS);
  const { Json } = useInputs();
  const channels = useChannels();
  const { value = [], label, hint, onChange } = field;
  if (!Array.isArray(value) || !value.every(isObject)) return <Json {...field} />;
  const used = channelsBefore(edit.settings, value.length);
  const free = channels.find((each) => !used.includes(each.value));
  const give = (next: readonly unknown[]): void => onChange(next.length === 0 ? undefined : next);
  const add = (): void => give([...value, { after: BEGUN, channel: free?.value ?? INBOX }]);
  return (
    <section className={styles.box} aria-label={label}>
      <h3 className={styles.title}>
        {label} <span className={styles.hint}>{hint}</span>
      </h3>
      {value.map((each, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an entry has no identity but its place
        <div key={at} className={styles.item}>
          <Entry edit={edit} at={at} channel={each.channel} />
          <RemoveButton edit={edit} label={text.remove(at + 1)} onClick={() => give(value.toSpliced(at, 1))} />
        </div>
      ))}
      {free === undefined && value.length === 0 && <p className={styles.hint}>{text.none}</p>}
      <AddButton
        edit={edit}
        label={text.add}
        isFull={free === undefined || value.length >= MOST_FALLBACKS}
        onClick={add}
      />
    </section>
  );
}

function Entry({ edit, at, channel }: { edit: StepEdit; at: number; channel: unknown }) {
  const { fallback: text, fields } = useText(PANEL_TEXTS);
  const before = channelsBefore(edit.settings, at);
  const channels = useChannels().filter(({ value }) => value === channel || !before.includes(value));
  return (
    <div className={styles.form}>
      <DurationField {...edit.field(["fallback", at, "after"], text.after(at + 1))} isRequired unit="hours" />
      <ChoiceField {...edit.field(["fallback", at, "channel"], text.channel(at + 1))} isRequired options={channels} />
      <AppField {...edit.field(["fallback", at, "app"], ...fields.cardApp)} channel={channel} />
      <ChoiceField
        {...edit.field(["fallback", at, "when"], text.which(at + 1))}
        fallback="undelivered"
        options={[
          { value: "undelivered", label: text.undelivered },
          { value: "unanswered", label: text.unanswered },
        ]}
      />
    </div>
  );
}
