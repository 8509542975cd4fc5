import { Button, SearchBox } from "@fluentui/react-components";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { HAVING, type Having } from "../../api/queries/workflows/workflows";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "../workflows.module.css";
import type { WorkflowsSearch } from "./address";

/** A pause in typing after which the list is searched. */
const PAUSE_MS = 300;

/** What is listed, in the address: by a text, and by what workflows have. */
export function Filters({ search }: { search: WorkflowsSearch }) {
  const { list: text } = useText(TEXTS);
  const navigate = useNavigate();
  const { term = "", with: has = [] } = search;
  const [typed, setTyped] = useState(term);
  const show = (next: { term: string; has: readonly Having[] }): void => {
    const words = next.term.trim();
    const filter = { ...(words !== "" && { term: words }), ...(next.has.length > 0 && { with: next.has }) };
    void navigate({ to: "/workflows", search: filter, replace: true });
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: only typing searches; the other filter is read then
  useEffect(() => {
    if (typed.trim() === term) return;
    const timer = setTimeout(() => show({ term: typed, has }), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const toggle = (each: Having): void =>
    show({ term: typed, has: HAVING.filter((one) => (one === each ? !has.includes(one) : has.includes(one))) });
  return (
    <search className={styles.tools}>
      <SearchBox
        className={styles.search}
        aria-label={text.search}
        placeholder={text.search}
        value={typed}
        onChange={(_, { value }) => setTyped(value)}
      />
      {HAVING.map((each) => (
        <button
          key={each}
          type="button"
          className={styles.choice}
          aria-pressed={has.includes(each)}
          onClick={() => toggle(each)}
        >
          {text.having[each]}
        </button>
      ))}
      {(term !== "" || has.length > 0) && (
        <Button
          size="small"
          appearance="subtle"
          onClick={() => {
            setTyped("");
            show({ term: "", has: [] });
          }}
        >
          {text.dropFilters}
        </Button>
      )}
    </search>
  );
}
