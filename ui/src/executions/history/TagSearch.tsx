/** A field in which words become tags: each is looked for in numbers, names and search fields. */

import { type KeyboardEvent, useRef, useState } from "react";
import { Icon } from "../../kit/icons";
import { useCommands } from "../../shell/commands/commands";
import { TEXTS as SHELL } from "../../shell/text";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "./History.module.css";
import { fieldOf } from "./history-search";

interface TagSearchProps {
  words: readonly string[];
  onWords: (words: readonly string[]) => void;
}

export function TagSearch({ words, onWords }: TagSearchProps) {
  const text = useText(TEXTS).history;
  const group = useText(SHELL).groups.here;
  const field = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState("");
  const add = (): void => {
    const word = typed.trim();
    setTyped("");
    if (word !== "" && !words.includes(word)) onWords([...words, word]);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Enter") add();
    if (event.key === "Backspace" && typed === "" && words.length > 0) onWords(words.slice(0, -1));
  };
  useCommands([{ id: "find", group, text: text.find, icon: "search", keys: "/", run: () => field.current?.focus() }]);
  return (
    <search className={styles.tagSearch}>
      <Icon name="search" size={16} />
      {words.map((word, at) => (
        <span key={word} className={styles.word}>
          {at > 0 && <span className={styles.or}>{isAlike(word, words[at - 1]) ? text.or : text.and}</span>}
          {word}
          <button
            type="button"
            aria-label={text.dropWord(word)}
            onClick={() => onWords(words.filter((each) => each !== word))}
          >
            <Icon name="close" size={12} />
          </button>
        </span>
      ))}
      <input
        ref={field}
        className={styles.typed}
        value={typed}
        aria-label={text.find}
        placeholder={words.length === 0 ? text.findHint : ""}
        onChange={({ target }) => setTyped(target.value)}
        onKeyDown={onKeyDown}
        onBlur={add}
      />
    </search>
  );
}

/** Words of one field are alternatives; those of different fields are all required. */
function isAlike(word: string, before: string | undefined): boolean {
  return before !== undefined && fieldOf(word) === fieldOf(before);
}
