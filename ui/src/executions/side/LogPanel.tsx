/** The log as sentences. One entry is selected: it is the moment that everything on the page shows. */

import { Button, Checkbox, Input } from "@fluentui/react-components";
import { useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { isFailure, type LogEntry } from "../../graph/log/entry";
import { Icon } from "../../kit/icons";
import { JsonTree } from "../../kit/JsonTree";
import { Scroller } from "../../kit/Scroller";
import { useVirtualRows } from "../../kit/virtual";
import { saveFile } from "../../text/csv";
import { useLanguage, useText } from "../../text/language";
import { useTimes } from "../../text/time";
import { useExecutionSearch } from "../execution/use-search";
import { sentenceOf } from "../log/sentences";
import { TEXTS } from "../text";
import styles from "./Log.module.css";
import type { SideProps } from "./moment";

const ROW = 48;

export function LogPanel({ row, outline, entries, seq }: SideProps) {
  const text = useText(TEXTS);
  const [onlyFailed, setOnlyFailed] = useState(false);
  const [typed, setTyped] = useState("");
  const words = useDeferredValue(typed).trim().toLowerCase();
  const [, change] = useExecutionSearch();
  const say = useSentence((step) => (step === null ? "" : (outline.steps.get(step)?.name ?? step)));
  const shown = useMemo(
    () =>
      entries.filter(
        (entry) =>
          (!onlyFailed || isFailure(entry)) &&
          (words === "" || `${say(entry)} ${entry.type}`.toLowerCase().includes(words)),
      ),
    [entries, onlyFailed, words, say],
  );
  const save = (): void => saveFile(`${row.process_id}.json`, JSON.stringify(entries, null, 2), "application/json");
  const selected = shown.findIndex((entry) => entry.seq === seq);
  return (
    <div className={styles.log}>
      <div className={styles.logTools}>
        <Input
          size="small"
          value={typed}
          placeholder={text.searchLog}
          aria-label={text.searchLog}
          onChange={(_, { value }) => setTyped(value)}
        />
        <Checkbox
          label={text.onlyFailed}
          checked={onlyFailed}
          onChange={(_, { checked }) => setOnlyFailed(checked === true)}
        />
        <Button
          size="small"
          appearance="subtle"
          icon={<Icon name="download" size={16} />}
          aria-label={text.downloadLog}
          onClick={save}
        />
      </div>
      <Entries entries={shown} selected={selected} say={say} onSelect={(entry) => change({ seq: entry.seq })} />
      {shown[selected] !== undefined && (
        <section className={styles.raw} aria-label={text.rawEntry}>
          <JsonTree key={shown[selected].seq} label={text.rawEntry} value={shown[selected]} depth={1} />
        </section>
      )}
    </div>
  );
}

interface EntriesProps {
  entries: readonly LogEntry[];
  selected: number;
  say: (entry: LogEntry) => string;
  onSelect: (entry: LogEntry) => void;
}

function Entries({ entries, selected, say, onSelect }: EntriesProps) {
  const text = useText(TEXTS);
  const { formats, now } = useTimes();
  const scroll = useRef<HTMLDivElement>(null);
  const rows = useVirtualRows(scroll, ROW, entries.length);
  const { show } = rows;
  const today = formats.day(now);
  useEffect(() => {
    if (selected !== -1) show(selected);
  }, [selected, show]);
  if (entries.length === 0) return <p className={styles.quietBlock}>{text.noEntry}</p>;
  return (
    <Scroller box={scroll} label={text.tabs.log} className={styles.entries} onScroll={rows.onScroll}>
      <div style={{ height: rows.above }} />
      {entries.slice(rows.from, rows.to).map((entry, at) => (
        <button
          key={`${entry.seq} ${entry.type}`}
          type="button"
          className={`${styles.entry} ${isFailure(entry) ? styles.entryBad : ""}`}
          aria-pressed={rows.from + at === selected}
          onClick={() => onSelect(entry)}
        >
          <span className={styles.seq}>
            #{entry.seq}
            <span className={styles.spoken}>, </span>
          </span>
          <span className={styles.sentence} title={say(entry)}>
            {say(entry)}
            <span className={styles.spoken}>, </span>
          </span>
          <span className={styles.when}>
            {formats.day(entry.timestamp) !== today && `${formats.short(entry.timestamp, now)} · `}
            {formats.precise(entry.timestamp)}
          </span>
        </button>
      ))}
      <div style={{ height: rows.below }} />
    </Scroller>
  );
}

/** Returns what says an entry in the language of the reader. */
function useSentence(name: (step: string | null) => string): (entry: LogEntry) => string {
  const language = useLanguage();
  const { formats } = useTimes();
  const naming = useRef(name);
  naming.current = name;
  return useMemo(
    () => (entry) => sentenceOf(language, entry, (step) => naming.current(step), formats.moment),
    [language, formats],
  );
}
