/** The properties of the selected part, as a form made from the table. */

import { Select } from "@fluentui/react-components";
import { type Ref, useId } from "react";
import { objectAt, type Path } from "../../editing/document/path";
import { ExpressionProvider } from "../../expression/source";
import { useText } from "../../text/language";
import { TEXTS } from "../designer/text";
import { newPart, set } from "../document/commands";
import type { Part } from "../document/outline";
import type { CardStore } from "../document/store";
import { ELEMENTS } from "../elements/elements";
import type { Slot } from "../elements/kinds";
import { type Property, property as propertyOf } from "../elements/properties";
import { ELEMENT_TEXTS, nameOf } from "../elements/text";
import styles from "./Properties.module.css";
import { PropertyField } from "./PropertyField";
import { useCardSource } from "./use-card-source";
import { useScopedData } from "./use-scoped-data";
import { scopesOf, unknownProperties } from "./values";

interface PropertiesProps {
  store: CardStore;
  part: Part;
  /** How many parts are selected. */
  count: number;
  data: unknown;
  isReadOnly: boolean;
  /** Texts of findings, by the name of the property. */
  findings: ReadonlyMap<string, readonly string[]>;
  ref?: Ref<HTMLElement>;
}

/** What every part has, behind what is its own. */
const COMMON = [
  "id",
  "isVisible",
  "separator",
  "spacing",
  "height",
  "fallback",
  "bleed",
  "minHeight",
  "rtl",
  "requires",
];
const TEMPLATE = ["$data", "$when"];

export function Properties({ store, part, count, data, isReadOnly, findings, ref }: PropertiesProps) {
  const text = useText(TEXTS);
  const words = useText(ELEMENT_TEXTS);
  const { element, type, value, path } = part;
  const card = store.getState().document;
  const inner = useCardSource(store, useScopedData(scopesOf(card, path, true), data));
  const outer = useCardSource(store, useScopedData(scopesOf(card, path, false), data));
  const properties = element?.properties ?? [];
  const slots = element?.slots ?? [];
  const more = unknownProperties(
    value,
    [...properties, ...slots].map(({ name }) => name),
  ).map((name) => propertyOf(name, "json"));
  const fields = (shown: readonly Property[]) =>
    shown.map((property) => (
      <ExpressionProvider key={`${part.pointer} ${property.name}`} source={property.name === "$data" ? outer : inner}>
        <PropertyField
          type={type}
          property={property}
          value={value[property.name]}
          isReadOnly={isReadOnly}
          findings={findings.get(property.name) ?? []}
          onChange={(next) => store.change(set(path, property.name, next))}
        />
      </ExpressionProvider>
    ));
  const groups = [
    { title: text.propertiesOf, shown: properties.filter(({ name }) => ![...COMMON, ...TEMPLATE].includes(name)) },
    { title: text.dataOf, shown: properties.filter(({ name }) => TEMPLATE.includes(name)) },
    { title: text.placeOf, shown: properties.filter(({ name }) => COMMON.includes(name)) },
    { title: text.unknownOf, shown: more },
  ];
  return (
    <section ref={ref} className={styles.pane} aria-label={text.properties} tabIndex={-1}>
      <header className={styles.head}>
        <h2>{nameOf(words, type)}</h2>
        {count > 1 ? <p>{text.severalSelected(count)}</p> : <p>{words.elements[type]?.[1] ?? text.unknownPart}</p>}
      </header>
      {groups.map(
        ({ title, shown }) =>
          shown.length > 0 && (
            <fieldset key={title} className={styles.group}>
              <legend>{title}</legend>
              {title === text.dataOf && <p className={styles.hint}>{text.dataHint}</p>}
              {fields(shown)}
            </fieldset>
          ),
      )}
      {slots
        .filter(({ isSingle, accepts }) => isSingle && accepts === "action")
        .map((slot) => (
          <Press key={slot.name} {...{ store, path, slot, isReadOnly }} />
        ))}
    </section>
  );
}

/** What happens when the part itself is pressed. */
function Press({ store, path, slot, isReadOnly }: { store: CardStore; path: Path; slot: Slot; isReadOnly: boolean }) {
  const text = useText(TEXTS);
  const words = useText(ELEMENT_TEXTS);
  const current = objectAt(store.getState().document, [...path, slot.name]);
  const types = ELEMENTS.filter(({ kind, type }) => kind === "action" && type !== "Action.ShowCard");
  const type = typeof current?.type === "string" ? current.type : "";
  const id = useId();
  const label = slot.name === "inlineAction" ? text.inlineAction : text.pressed;
  return (
    <div className={styles.press}>
      <label htmlFor={id}>{label}</label>
      <Select
        id={id}
        value={type}
        disabled={isReadOnly}
        onChange={(_, { value }) => store.change(set(path, slot.name, value === "" ? undefined : newPart(value)))}
      >
        <option value="">{text.nothing}</option>
        {types.map((each) => (
          <option key={each.type} value={each.type}>
            {nameOf(words, each.type)}
          </option>
        ))}
      </Select>
    </div>
  );
}
