import { SearchBox, ToggleButton } from "@fluentui/react-components";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useText } from "../../text/language";
import styles from "./list.module.css";
import { TEXTS } from "./text";

/** A pause in typing after which the list is searched. */
const PAUSE_MS = 300;

/** Which cards are listed, in the address. */
export function Filters({ term, isDraft }: { term: string; isDraft: boolean }) {
  const text = useText(TEXTS);
  const navigate = useNavigate();
  const [typed, setTyped] = useState(term);
  const show = (words: string, draft: boolean): void => {
    const next = words.trim();
    void navigate({
      to: "/cards",
      search: { ...(next !== "" && { term: next }), ...(draft && { draft }) },
      replace: true,
    });
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: only typing searches; the other filter is read then
  useEffect(() => {
    if (typed.trim() === term) return;
    const timer = setTimeout(() => show(typed, isDraft), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <search className={styles.tools}>
      <SearchBox
        className={styles.search}
        aria-label={text.search}
        placeholder={text.search}
        value={typed}
        onChange={(_, { value }) => setTyped(value)}
      />
      <ToggleButton shape="circular" size="small" checked={isDraft} onClick={() => show(typed, !isDraft)}>
        {text.onlyDrafts}
      </ToggleButton>
    </search>
  );
}
