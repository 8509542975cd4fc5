/** The data document as it was after the chosen event. */

import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useApi } from "../../api/context";
import { momentQuery } from "../../api/queries/executions";
import { Answer } from "../../kit/Answer";
import { Tag } from "../../kit/Chip";
import { JsonTree } from "../../kit/JsonTree";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "./Side.module.css";

/** While the slider moves, data is read when it rests. */
const REST_MS = 150;

export function DataPanel({ executionId, seq, scope }: { executionId: string; seq: number; scope: string }) {
  const text = useText(TEXTS);
  const shown = useRested(seq, REST_MS);
  const query = useQuery({ ...momentQuery(useApi(), executionId, shown, scope), enabled: shown > 0 });
  return (
    <Answer query={query} rows={6}>
      {({ item }) => (
        <div className={styles.data}>
          <p className={styles.quiet}>{text.afterEvent(item.seq, item.last_seq)}</p>
          {item.paths.length > 0 && (
            <p className={styles.paths}>
              {text.at}{" "}
              {item.paths.map((path) => (
                <Tag key={`${path.scope} ${path.state} ${path.visit}`}>
                  {[path.scope, path.state].filter(Boolean).join(" ")}
                </Tag>
              ))}
            </p>
          )}
          <JsonTree key={item.seq} label={text.tabs.data} value={item.document} depth={2} />
        </div>
      )}
    </Answer>
  );
}

function useRested<Value>(value: Value, delayMs: number): Value {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), delayMs);
    return () => clearTimeout(timer);
  }, [value, delayMs]);
  return rested;
}
