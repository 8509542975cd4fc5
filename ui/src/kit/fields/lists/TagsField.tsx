/** Short texts beside each other, such as statuses or people. What is typed becomes one by Enter, comma, or when it is left. */

import { Button, Field, Input } from "@fluentui/react-components";
import { type KeyboardEvent, type ReactNode, useId, useState } from "react";
import { isRepeat } from "../../../shared/presses";
import { useText } from "../../../text/language";
import { Icon } from "../../icons";
import { Apart } from "../Apart";
import styles from "../Fields.module.css";
import { type FieldProps, frameOf } from "../field";
import { TEXTS } from "../text";

interface TagsFieldProps extends Omit<FieldProps, "value" | "onChange"> {
  tags: readonly string[];
  onTags: (tags: readonly string[]) => void;
  /** Says what is wrong with a text that is to become a tag; empty where nothing is. */
  complain?: (text: string) => string;
  suggestions?: readonly { value: string; label: string }[];
  placeholder?: string;
  onType?: (text: string) => void;
  view?: (tag: string) => ReactNode;
}

export function TagsField(props: TagsFieldProps) {
  const { tags, onTags, complain = () => "", suggestions = [], placeholder = "", onType, isReadOnly = false } = props;
  const list = useId();
  const [typed, setTyped] = useState("");
  const complaint = typed.trim() === "" ? "" : complain(typed.trim());
  const [isLeft, setIsLeft] = useState(false);
  const take = (): void => {
    const tag = typed.trim();
    setIsLeft(true);
    if (tag === "" || complaint !== "") return;
    if (!tags.includes(tag)) onTags([...tags, tag]);
    type("");
  };
  const type = (next: string): void => {
    setTyped(next);
    setIsLeft(false);
    onType?.(next);
  };
  const onKey = (event: KeyboardEvent): void => {
    const isEnd = event.key === "Enter" || (event.key === "," && !typed.includes("${"));
    if (isEnd) {
      event.preventDefault();
      take();
      // A key that is held deletes the letters, and no tags behind them.
    } else if (event.key === "Backspace" && typed === "" && tags.length > 0 && !isRepeat(event.nativeEvent)) {
      onTags(tags.slice(0, -1));
    }
  };
  const problem = isLeft && complaint !== "" ? complaint : props.problem;
  const frame = frameOf({ ...props, problem, value: tags, onChange: () => undefined });
  return (
    <Field {...frame}>
      {(aria) => (
        <Apart>
          <div className={styles.tight}>
            <Tags {...props} />
            {!isReadOnly && (
              <Input
                {...aria}
                list={list}
                autoComplete="off"
                value={typed}
                placeholder={placeholder}
                onChange={(_, { value }) => type(value)}
                onKeyDown={onKey}
                onBlur={take}
              />
            )}
            <datalist id={list}>
              {suggestions.map(({ value, label }) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </datalist>
          </div>
        </Apart>
      )}
    </Field>
  );
}

function Tags({ label, tags, onTags, view, isReadOnly = false }: TagsFieldProps) {
  const text = useText(TEXTS);
  return (
    <ul className={styles.tags} aria-label={label}>
      {tags.map((tag) => (
        <li key={tag} className={styles.tag}>
          {view?.(tag) ?? tag}
          {!isReadOnly && (
            <Button
              size="small"
              appearance="transparent"
              icon={<Icon name="close" size={12} />}
              aria-label={text.remove(tag)}
              onClick={() => onTags(tags.filter((each) => each !== tag))}
            />
          )}
        </li>
      ))}
    </ul>
  );
}
