/** All functions of the language, searchable, each with an example and its value (F1). */

import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Input,
} from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { useApi } from "../../api/context";
import { type ExpressionFunction, functionsQuery } from "../../api/queries/expression/expressions";
import { Answer } from "../../kit/Answer";
import { Icon } from "../../kit/icons";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import styles from "../Expression.module.css";
import { TEXTS } from "../text";

interface FunctionHelpProps {
  onChoose: (name: string) => void;
  onClose: () => void;
}

export function FunctionHelp({ onChoose, onClose }: FunctionHelpProps) {
  const text = useText(TEXTS);
  const { close } = useText(SHARED);
  const [typed, setTyped] = useState("");
  const term = useDeferredValue(typed);
  const query = useQuery(functionsQuery(useApi()));
  const choose = (name: string): void => {
    onClose();
    onChoose(name);
  };
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && onClose()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{text.functions}</DialogTitle>
          <DialogContent className={styles.help}>
            <Input
              autoFocus
              value={typed}
              contentBefore={<Icon name="search" size={16} />}
              aria-label={text.findFunction}
              placeholder={text.findFunction}
              onChange={(_, { value }) => setTyped(value)}
            />
            <Answer query={query} rows={8}>
              {({ items }) => <Functions items={matching(items, term)} onChoose={choose} />}
            </Answer>
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>{close}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

interface FunctionsProps {
  items: readonly ExpressionFunction[];
  onChoose: (name: string) => void;
}

function Functions({ items, onChoose }: FunctionsProps) {
  const text = useText(TEXTS);
  if (items.length === 0) return <p>{text.noFunction}</p>;
  return (
    <ul className={styles.functions} aria-label={text.functions}>
      {items.map(({ name, signature, summary, example, result }) => (
        <li key={name}>
          <button type="button" className={styles.function} onClick={() => onChoose(name)}>
            <code>{signature}</code> <span className={styles.hint}>{result}</span>
            <span>{summary}</span>
            <code className={styles.hint}>
              {example.expression} → {JSON.stringify(example.value)}
            </code>
          </button>
        </li>
      ))}
    </ul>
  );
}

/** Returns the functions that a term names: by name first, then by what is said of them. */
export function matching(items: readonly ExpressionFunction[], term: string): readonly ExpressionFunction[] {
  const words = term.trim().toLowerCase();
  if (words === "") return items;
  const byName = items.filter(({ name }) => name.toLowerCase().includes(words));
  const byText = items.filter(
    ({ name, summary, family }) =>
      !name.toLowerCase().includes(words) && `${family} ${summary}`.toLowerCase().includes(words),
  );
  return [...byName, ...byText];
}
