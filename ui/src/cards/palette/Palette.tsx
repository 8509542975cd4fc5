/** What can be added: the parts of the table by group, and ready parts. A press adds behind what is selected. */

import { Input } from "@fluentui/react-components";
import { useState } from "react";
import { Icon } from "../../kit/icons";
import type { JsonObject } from "../../shared/http";
import { useText } from "../../text/language";
import { TEXTS } from "../designer/text";
import { newPart } from "../document/commands";
import { ELEMENTS } from "../elements/elements";
import { GROUPS } from "../elements/kinds";
import { ELEMENT_TEXTS } from "../elements/text";
import styles from "./Palette.module.css";
import { READY_PARTS, readyPart } from "./parts";

interface Item {
  key: string;
  name: string;
  help: string;
  make: () => readonly JsonObject[];
}

interface PaletteProps {
  /** The types that only what is selected takes. */
  offered: readonly string[];
  isReadOnly: boolean;
  onAdd: (parts: readonly JsonObject[]) => void;
}

export function Palette({ offered, isReadOnly, onAdd }: PaletteProps) {
  const text = useText(TEXTS);
  const words = useText(ELEMENT_TEXTS);
  const [term, setTerm] = useState("");
  const ready: readonly Item[] = READY_PARTS.map((part) => ({
    key: part,
    name: text.ready[part][0],
    help: text.ready[part][1],
    make: () => readyPart(part, text.partWords),
  }));
  const itemOf = (type: string): Item => {
    const [name = type, help = ""] = words.elements[type] ?? [];
    return { key: type, name, help, make: () => [newPart(type)] };
  };
  const groups: readonly { title: string; items: readonly Item[] }[] = [
    { title: text.inPart, items: offered.map(itemOf) },
    { title: text.readyParts, items: ready },
    ...GROUPS.map((group) => ({
      title: text.groups[group],
      items: ELEMENTS.filter((element) => element.group === group).map(({ type }) => itemOf(type)),
    })),
  ];
  const sought = term.trim().toLowerCase();
  const fits = ({ key, name, help }: Item): boolean => `${key} ${name} ${help}`.toLowerCase().includes(sought);
  const shown = groups
    .map(({ title, items }) => ({ title, items: items.filter(fits) }))
    .filter(({ items }) => items.length > 0);
  return (
    <section className={styles.palette} aria-label={text.palette}>
      <Input
        aria-label={text.searchParts}
        placeholder={text.searchParts}
        contentBefore={<Icon name="search" size={16} />}
        value={term}
        onChange={(_, { value }) => setTerm(value)}
      />
      {shown.length === 0 && <p className={styles.none}>{text.noParts}</p>}
      {shown.map(({ title, items }) => (
        <div key={title}>
          <h2 className={styles.heading}>{title}</h2>
          <ul className={styles.list}>
            {items.map(({ key, name, help, make }) => (
              <li key={key}>
                <button
                  type="button"
                  className={styles.item}
                  title={help}
                  disabled={isReadOnly}
                  onClick={() => onAdd(make())}
                >
                  <Icon name="plus" size={14} />
                  {name}
                </button>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </section>
  );
}
