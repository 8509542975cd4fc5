/** What a visit received and gave, whole: the log may have cut it. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context";
import { eventDataQuery } from "../../api/queries/executions/executions";
import type { Visit } from "../../graph/log/visits";
import { Answer } from "../../kit/Answer";
import { CopyButton } from "../../kit/CopyButton";
import { JsonTree } from "../../kit/JsonTree";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "./Step.module.css";

export function ValuesOf({ executionId, visit }: { executionId: string; visit: Visit }) {
  const text = useText(TEXTS);
  const [side, setSide] = useState<"input" | "output">(visit.outputAt === null ? "input" : "output");
  const seq = side === "input" ? visit.inputAt : visit.outputAt;
  return (
    <section className={styles.values} aria-label={text.values}>
      <fieldset className={styles.segments}>
        <legend className={styles.spoken}>{text.values}</legend>
        {(["input", "output"] as const).map((each) => (
          <button key={each} type="button" aria-pressed={side === each} onClick={() => setSide(each)}>
            {text.sides[each]}
          </button>
        ))}
      </fieldset>
      {seq === null ? (
        <p className={styles.quietBlock}>{text.noValue}</p>
      ) : (
        <Value executionId={executionId} seq={seq} side={side} />
      )}
    </section>
  );
}

function Value({ executionId, seq, side }: { executionId: string; seq: number; side: "input" | "output" }) {
  const text = useText(TEXTS);
  const query = useQuery(eventDataQuery(useApi(), executionId, seq));
  return (
    <Answer query={query} rows={3} words={text.codes}>
      {({ item }) => {
        const value = item[side];
        if (value === undefined || value === null) return <p className={styles.quietBlock}>{text.noValue}</p>;
        return (
          <div className={styles.json}>
            <div className={styles.copy}>
              <CopyButton value={() => JSON.stringify(value, null, 2)} label={text.copyValue} />
            </div>
            <JsonTree key={`${seq} ${side}`} label={text.sides[side]} value={value} />
          </div>
        );
      }}
    </Answer>
  );
}
