/** How fast a bulk is, and how long it takes at least at that rate. */

import { Field } from "@fluentui/react-components";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "./Bulks.module.css";
import { FASTEST, lengthOf } from "./plan";

interface RateProps {
  count: number;
  rate: number;
  onRate: (rate: number) => void;
}

export function Rate({ count, rate, onRate }: RateProps) {
  const { bulk: text } = useText(TEXTS);
  return (
    <Field label={text.rate} hint={text.takes(lengthOf(count, rate))}>
      {(field) => (
        <span className={styles.rate}>
          <input
            {...field}
            type="range"
            min={1}
            max={FASTEST}
            value={rate}
            aria-valuetext={text.perSecond(rate)}
            onChange={({ target }) => onRate(Number(target.value))}
          />
          <output>{text.perSecond(rate)}</output>
        </span>
      )}
    </Field>
  );
}
