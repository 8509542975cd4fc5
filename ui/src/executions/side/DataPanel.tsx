/** The data document as it was after the chosen event: as a tree, what is found in it, and what a step changed. */

import { Button, Checkbox, Input } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useEffect, useMemo, useState } from "react";
import { useApi } from "../../api/context";
import { momentQuery } from "../../api/queries/executions/executions";
import type { Visit } from "../../graph/log/visits";
import { Answer } from "../../kit/Answer";
import { Tag } from "../../kit/Chip";
import { CopyButton } from "../../kit/CopyButton";
import { JsonTree } from "../../kit/JsonTree";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "./Data.module.css";
import { type Change, changesBetween, type Found, lineOf, partsWith } from "./document";

const NOTHING: Found<Change> = { items: [], isMore: false };

/** While the slider moves, data is read when it rests. */
const REST_MS = 150;

interface DataPanelProps {
  executionId: string;
  /** The event up to which everything is shown. */
  seq: number;
  /** The selected visit: data is shown as its branch or iteration sees it. */
  visit: Visit | null;
}

export function DataPanel({ executionId, seq, visit }: DataPanelProps) {
  const { data: text, codes } = useText(TEXTS);
  const [typed, setTyped] = useState("");
  const [isCompared, setIsCompared] = useState(false);
  const scope = visit?.scope ?? "";
  // A branch or an iteration has data of its own while it is open, so for certain at the last event of a visit of it.
  const rested = useRested(scope === "" ? seq : Math.min(seq, visit?.lastSeq ?? seq), REST_MS);
  const query = useQuery({ ...momentQuery(useApi(), executionId, rested, scope), enabled: rested > 0 });
  const words = useDeferredValue(typed).trim();
  return (
    <>
      <div className={styles.tools}>
        <Input
          size="small"
          value={typed}
          placeholder={text.search}
          aria-label={text.search}
          onChange={(_, { value }) => setTyped(value)}
        />
        {visit !== null && visit.firstSeq > 1 && (
          <Checkbox
            label={text.onlyChanges}
            checked={isCompared}
            onChange={(_, { checked }) => setIsCompared(checked === true)}
          />
        )}
      </div>
      <Answer query={query} rows={6} words={codes}>
        {({ item }) => (
          <div className={styles.data}>
            <p className={styles.quiet}>{text.afterEvent(item.seq, item.last_seq)}</p>
            {isCompared && visit !== null ? (
              <Changes executionId={executionId} visit={visit} after={item.document} words={words} />
            ) : (
              <Document paths={item.paths} value={item.document} seq={item.seq} words={words} />
            )}
          </div>
        )}
      </Answer>
    </>
  );
}

interface DocumentProps {
  paths: readonly { scope: string; state: string; visit: number }[];
  value: unknown;
  seq: number;
  words: string;
}

function Document({ paths, value, seq, words }: DocumentProps) {
  const all = useText(TEXTS);
  const parts = useMemo(() => (words === "" ? null : partsWith(value, words)), [value, words]);
  if (parts !== null) return <Rows found={parts} textOf={({ value: part }) => lineOf(part)} />;
  return (
    <>
      {paths.length > 0 && (
        <p className={styles.paths}>
          {all.at}{" "}
          {paths.map((path) => (
            <Tag key={`${path.scope} ${path.state} ${path.visit}`}>
              {[path.scope, path.state].filter(Boolean).join(" ")}
            </Tag>
          ))}
        </p>
      )}
      <JsonTree key={seq} label={all.tabs.data} value={value} depth={3} />
    </>
  );
}

interface ChangesProps {
  executionId: string;
  visit: Visit;
  after: unknown;
  words: string;
}

/** What differs from the moment before the visit began. */
function Changes({ executionId, visit, after, words }: ChangesProps) {
  const text = useText(TEXTS).data;
  const query = useQuery({ ...momentQuery(useApi(), executionId, visit.firstSeq - 1, visit.scope), retry: false });
  const { data } = query;
  const found = useMemo(
    () => (data === undefined ? NOTHING : changesBetween(data.item.document, after)),
    [data, after],
  );
  // The first step of a branch or an iteration has no data of it before.
  if (query.error !== null && visit.scope !== "") return <p className={styles.quiet}>{text.noBefore}</p>;
  const sought = words.toLowerCase();
  const isFound = (each: Change): boolean => sought === "" || JSON.stringify(each).toLowerCase().includes(sought);
  const items = found.items.filter(isFound);
  const say = (value: unknown): string => (value === undefined ? text.absent : lineOf(value));
  return (
    <Answer query={query} rows={3}>
      {() => (
        <Rows
          found={{ items, isMore: found.isMore }}
          none={text.noChange}
          textOf={({ before: old, after: now }) => `${say(old)} → ${say(now)}`}
        />
      )}
    </Answer>
  );
}

interface RowsProps<Item> {
  found: Found<Item>;
  textOf: (item: Item) => string;
  none?: string;
}

function Rows<Item extends { path: string }>({ found, textOf, none }: RowsProps<Item>) {
  const text = useText(TEXTS).data;
  if (found.items.length === 0) return <p className={styles.quiet}>{none ?? text.notFound}</p>;
  return (
    <ul className={styles.rows}>
      {found.items.map((item) => (
        <li key={item.path}>
          <div className={styles.part}>
            <code className={styles.path}>{item.path}</code>
            <CopyButton value={item.path} label={text.copyPath(item.path)} />
          </div>
          <LongText text={textOf(item)} />
        </li>
      ))}
      {found.isMore && <li className={styles.quiet}>{text.more(found.items.length)}</li>}
    </ul>
  );
}

const LONGEST = 300;

function LongText({ text }: { text: string }) {
  const words = useText(TEXTS).data;
  const [isWhole, setIsWhole] = useState(false);
  const isCut = text.length > LONGEST && !isWhole;
  return (
    <div className={styles.value}>
      {isCut ? `${text.slice(0, LONGEST)}… ` : text}
      {isCut && (
        <Button size="small" appearance="subtle" onClick={() => setIsWhole(true)}>
          {words.whole}
        </Button>
      )}
    </div>
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
