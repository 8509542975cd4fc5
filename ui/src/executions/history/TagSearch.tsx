/** A field in which words become tags or filters: `status:failed` is offered while it is typed. */

import { type KeyboardEvent, memo, useId, useRef, useState } from "react";
import { Icon } from "../../kit/icons";
import { isRepeat } from "../../shared/presses";
import { useCommands } from "../../shell/commands/commands";
import { TEXTS as SHELL } from "../../shell/text";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "./History.module.css";
import { fieldOf, type HistorySearch } from "./history-search";
import { type Known, type Suggestion, suggestionsOf, withWord } from "./suggestions";

interface TagSearchProps {
  search: HistorySearch;
  known: Known;
  onSearch: (search: HistorySearch) => void;
}

/** Drawn again only when a word changes, or what is known: not for each page of rows. */
export const TagSearch = memo(function TagSearch({ search, known, onSearch }: TagSearchProps) {
  const text = useText(TEXTS).history;
  const group = useText(SHELL).groups.here;
  const list = useId();
  const field = useRef<HTMLInputElement>(null);
  const { typed, found, at, type, add, take, onKeyDown } = useTyping({ search, known, onSearch });
  const words = search.q ?? [];
  useCommands([{ id: "find", group, text: text.find, icon: "search", keys: "/", run: () => field.current?.focus() }]);
  return (
    <search className={styles.tagSearch}>
      <Icon name="search" size={16} />
      <Words words={words} onWords={(q) => onSearch({ ...search, q })} />
      <input
        ref={field}
        className={styles.typed}
        role="combobox"
        aria-expanded={found.length > 0}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={found[at] && `${list}-${at}`}
        autoComplete="off"
        value={typed}
        aria-label={text.find}
        placeholder={words.length === 0 ? text.findHint : ""}
        onChange={({ target }) => type(target.value)}
        onKeyDown={onKeyDown}
        onBlur={() => add(typed)}
      />
      <Suggestions id={list} found={found} chosen={at} onTake={take} />
    </search>
  );
});

/** What is typed, which words are offered for it, and what the keys of the field do. */
function useTyping({ search, known, onSearch }: TagSearchProps) {
  const { prefixes } = useText(TEXTS).history;
  const [typed, setTyped] = useState("");
  const [isOpen, setIsOpen] = useState(false);
  const [at, setAt] = useState(-1);
  const found = isOpen ? suggestionsOf(typed, known, prefixes) : [];
  const type = (value: string, isStill = true): void => {
    setTyped(value);
    setAt(-1);
    setIsOpen(isStill);
  };
  const add = (value: string): void => {
    // A name without its value is no word yet.
    const isWhole = !value.trim().endsWith(":");
    type(isWhole ? "" : value, false);
    if (isWhole && value.trim() !== "") onSearch(withWord(search, value, known));
  };
  const take = ({ value, isWhole }: Suggestion): void => {
    if (isWhole) add(value);
    else type(value);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const { q = [] } = search;
    const chosen = found[at];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      // Beyond either end is the text as it was typed.
      const count = found.length + 1;
      if (isOpen) setAt((before) => ((before + 1 + step + count) % count) - 1);
      else setIsOpen(true);
    } else if (event.key === "Escape" && isOpen) {
      // It closes the list, and nothing around it.
      event.stopPropagation();
      type(typed, false);
    } else if (event.key === "Enter" || (event.key === "Tab" && chosen !== undefined)) {
      event.preventDefault();
      if (chosen === undefined) add(typed);
      else take(chosen);
    } else if (event.key === "Backspace" && typed === "" && q.length > 0 && !isRepeat(event.nativeEvent)) {
      onSearch({ ...search, q: q.slice(0, -1) });
    }
  };
  return { typed, found, at, type, add, take, onKeyDown };
}

/** The words that are searched for, each with a button that drops it. */
function Words({ words, onWords }: { words: readonly string[]; onWords: (words: readonly string[]) => void }) {
  const text = useText(TEXTS).history;
  return words.map((word, index) => (
    <span key={word} className={styles.word}>
      {index > 0 && <span className={styles.or}>{isAlike(word, words[index - 1]) ? text.or : text.and}</span>}
      {word}
      <button
        type="button"
        aria-label={text.dropWord(word)}
        onClick={() => onWords(words.filter((each) => each !== word))}
      >
        <Icon name="close" size={12} />
      </button>
    </span>
  ));
}

interface SuggestionsProps {
  id: string;
  found: readonly Suggestion[];
  chosen: number;
  onTake: (suggestion: Suggestion) => void;
}

function Suggestions({ id, found, chosen, onTake }: SuggestionsProps) {
  const text = useText(TEXTS).history;
  return (
    <div
      id={id}
      role="listbox"
      aria-label={text.suggestions}
      className={styles.suggestions}
      hidden={found.length === 0}
    >
      {found.map((suggestion, at) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the field above takes all keys; the focus never leaves it
        // biome-ignore lint/a11y/useFocusableInteractive: the field above takes all keys; the focus never leaves it
        <div
          key={suggestion.value}
          id={`${id}-${at}`}
          role="option"
          aria-selected={at === chosen}
          className={styles.suggestion}
          // The focus stays in the field, whose text is not taken yet.
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onTake(suggestion)}
        >
          <span>{suggestion.value}</span>
          {suggestion.text !== "" && <small>{suggestion.text}</small>}
        </div>
      ))}
    </div>
  );
}

/** Words of one field are alternatives; those of different fields are all required. */
function isAlike(word: string, before: string | undefined): boolean {
  return before !== undefined && fieldOf(word) === fieldOf(before);
}
