/** The data that a step can read, as a tree: a click inserts a value at the cursor, a drag onto a field replaces its text. */

import { Checkbox, Input } from "@fluentui/react-components";
import { useDeferredValue, useMemo, useState } from "react";
import type { DataNode } from "../../api/queries/studio/steps";
import { Answer } from "../../kit/Answer";
import { Icon } from "../../kit/icons";
import { useText } from "../../text/language";
import { useTarget } from "../source";
import { TEXTS } from "../text";
import { DataRows } from "./DataRows";
import styles from "./Picker.module.css";
import { countNodes, filteredTree, firstNodes, groupsOf } from "./tree";
import { useDataTree } from "./use-data-tree";

/** So many rows of matches are drawn. */
const MOST_MATCHES = 300;

export function DataPicker() {
  const { picker: text } = useText(TEXTS);
  const { target } = useTarget();
  const [typed, setTyped] = useState("");
  const [isFitting, setIsFitting] = useState(true);
  const query = useDataTree();
  const expected = isFitting ? (target?.expected ?? "any") : "any";
  return (
    <section className={styles.picker} aria-label={text.title}>
      <div className={styles.head}>
        <Input
          size="small"
          value={typed}
          aria-label={text.find}
          placeholder={text.find}
          contentBefore={<Icon name="search" size={14} />}
          onChange={(_, { value }) => setTyped(value)}
        />
        <Checkbox
          label={text.onlyFitting}
          checked={isFitting}
          onChange={(_, { checked }) => setIsFitting(checked === true)}
        />
      </div>
      <p className={styles.hint}>{target === null ? text.noTarget : text.into(target.label)}</p>
      <Answer query={query} rows={6}>
        {({ items }) => <Groups items={items} term={typed} expected={expected} />}
      </Answer>
    </section>
  );
}

function Groups({ items, term, expected }: { items: readonly DataNode[] } & Parameters<typeof filteredTree>[1]) {
  const words = useText(TEXTS);
  const searched = useDeferredValue(term);
  const found = useMemo(() => filteredTree(items, { term: searched, expected }), [items, searched, expected]);
  const isSearch = searched.trim() !== "";
  const shown = useMemo(() => (isSearch ? firstNodes(found, MOST_MATCHES) : found), [found, isSearch]);
  if (items.length === 0) return <p className={styles.hint}>{words.picker.none}</p>;
  if (found.length === 0) return <p className={styles.hint}>{words.picker.noMatch}</p>;
  const left = isSearch ? countNodes(found) - countNodes(shown) : 0;
  return (
    <>
      {groupsOf(shown).map(([group, nodes]) => (
        <section key={group}>
          <h3 className={styles.group}>{words.groups[group]}</h3>
          <DataRows key={isSearch ? searched : ""} nodes={nodes} isOpen={isSearch} />
        </section>
      ))}
      {left > 0 && <p className={styles.hint}>{words.picker.more(left)}</p>}
    </>
  );
}
