/** The branches of a step: each is an exit. Their order is the order in which they are tried and drawn. */

import { Button, Field, Input, Select } from "@fluentui/react-components";
import { type ReactNode, useState } from "react";
import { isObject, type JsonObject } from "../../../shared/http";
import { useText } from "../../../text/language";
import { Icon } from "../../icons";
import styles from "../Fields.module.css";
import { TEXTS } from "../text";

/** What is done to branches: their edges follow, so it is not a change of the list alone. */
export interface BranchActs {
  add: () => void;
  rename: (id: string, to: string) => void;
  change: (id: string, change: JsonObject) => void;
  move: (id: string, by: number) => void;
  remove: (id: string) => void;
}

interface BranchesFieldProps {
  label: string;
  branches: unknown;
  acts: BranchActs;
  isReadOnly: boolean;
  /** Whether a branch says how it looks. */
  hasStyle?: boolean;
  /** What else a branch has, such as its value or its conditions. */
  children?: (branch: JsonObject, at: number) => ReactNode;
}

const STYLES = ["default", "positive", "negative", "warning", "info"] as const;
const ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

export function BranchesField({ label, branches, acts, isReadOnly, hasStyle = false, children }: BranchesFieldProps) {
  const { branches: text } = useText(TEXTS);
  const all = (Array.isArray(branches) ? branches : []).filter(isObject);
  const ids = all.map(({ id }) => id).filter((id) => typeof id === "string");
  return (
    <section className={styles.rows} aria-label={label}>
      <h3 className={styles.title}>{label}</h3>
      {all.map((branch, at) => (
        <Branch
          key={typeof branch.id === "string" ? branch.id : at}
          branch={branch}
          at={at}
          count={all.length}
          ids={ids}
          acts={acts}
          isReadOnly={isReadOnly}
          hasStyle={hasStyle}
        >
          {children?.(branch, at)}
        </Branch>
      ))}
      {!isReadOnly && (
        <div>
          <Button size="small" appearance="subtle" icon={<Icon name="plus" size={14} />} onClick={acts.add}>
            {text.add}
          </Button>
        </div>
      )}
    </section>
  );
}

interface BranchProps {
  branch: JsonObject;
  at: number;
  count: number;
  ids: readonly string[];
  acts: BranchActs;
  isReadOnly: boolean;
  hasStyle: boolean;
  children: ReactNode;
}

function Branch({ branch, at, count, ids, acts, isReadOnly, hasStyle, children }: BranchProps) {
  const { branches: text } = useText(TEXTS);
  const id = typeof branch.id === "string" ? branch.id : "";
  const label = typeof branch.label === "string" ? branch.label : "";
  return (
    <fieldset className={styles.box} aria-label={`${at + 1}. ${label || id}`}>
      <div className={styles.head}>
        <span className={styles.title}>
          {at + 1}. {label || id}
        </span>
        {!isReadOnly && <Tools id={id} name={label || id} at={at} count={count} acts={acts} />}
      </div>
      <div className={styles.pair}>
        <Id id={id} taken={ids} isReadOnly={isReadOnly} onRename={(to) => acts.rename(id, to)} />
        <Field label={text.label}>
          <Input
            autoComplete="off"
            readOnly={isReadOnly}
            value={label}
            onChange={(_, { value }) => acts.change(id, { label: value === "" ? undefined : value })}
          />
        </Field>
      </div>
      {hasStyle && (
        <Field label={text.style}>
          <Select
            disabled={isReadOnly}
            value={typeof branch.style === "string" ? branch.style : "default"}
            onChange={(_, { value }) => acts.change(id, { style: value === "default" ? undefined : value })}
          >
            {STYLES.map((style) => (
              <option key={style} value={style}>
                {text.styles[style]}
              </option>
            ))}
          </Select>
        </Field>
      )}
      {children}
    </fieldset>
  );
}

function Tools({
  id,
  name,
  at,
  count,
  acts,
}: Pick<BranchProps, "at" | "count" | "acts"> & { id: string; name: string }) {
  const text = useText(TEXTS);
  return (
    <span className={styles.tools}>
      <Button
        size="small"
        appearance="subtle"
        icon={<Icon name="up" size={14} />}
        aria-label={text.up(name)}
        disabled={at === 0}
        onClick={() => acts.move(id, -1)}
      />
      <Button
        size="small"
        appearance="subtle"
        icon={<Icon name="down" size={14} />}
        aria-label={text.down(name)}
        disabled={at === count - 1}
        onClick={() => acts.move(id, 1)}
      />
      <Button
        size="small"
        appearance="subtle"
        icon={<Icon name="close" size={14} />}
        aria-label={text.remove(name)}
        disabled={count === 1}
        onClick={() => acts.remove(id)}
      />
    </span>
  );
}

interface IdProps {
  id: string;
  taken: readonly string[];
  isReadOnly: boolean;
  onRename: (to: string) => void;
}

/** The name of the exit, which takes effect when it is left. */
function Id({ id, taken, isReadOnly, onRename }: IdProps) {
  const { branches: text } = useText(TEXTS);
  const [typed, setTyped] = useState<string | null>(null);
  const shown = typed ?? id;
  const isTaken = shown !== id && taken.includes(shown);
  const complaint = isTaken ? text.taken(shown) : ID.test(shown) ? null : text.bad;
  const leave = (): void => {
    if (complaint !== null || typed === null) return;
    setTyped(null);
    if (typed !== id) onRename(typed);
  };
  return (
    <Field label={text.id} {...(complaint !== null && typed !== null && { validationMessage: complaint })}>
      <Input
        className={styles.mono}
        autoComplete="off"
        readOnly={isReadOnly}
        value={shown}
        onChange={(_, { value }) => setTyped(value)}
        onBlur={leave}
        onKeyDown={({ key }) => key === "Enter" && leave()}
      />
    </Field>
  );
}
