import { Link } from "@tanstack/react-router";
import { useText } from "../../text/language";
import { useTimes } from "../../text/time";
import { TEXTS } from "../text";
import styles from "./Filters.module.css";
import { chipsOf, type Filter, type FilterChip, filterOf, textOfFilter } from "./filter";
import { type CardRow, shortAddress } from "./row";

interface FiltersProps {
  /** The requests without a filter. */
  cards: readonly CardRow[];
  /** Whether these are all; of some, no number is shown. */
  isWhole: boolean;
  chosen: Filter;
}

/** What the list can be limited to. Each has an address of its own. */
export function Filters({ cards, isWhole, chosen }: FiltersProps) {
  const text = useText(TEXTS);
  const { now } = useTimes();
  const chips = withChosen(chipsOf(cards, now), chosen);
  if (chips.length === 0) return null;
  return (
    <nav className={styles.chips} aria-label={text.filters.label}>
      {chips.map((chip) => {
        const show = textOfFilter(chip.filter);
        return (
          <Link
            key={show ?? "all"}
            to="/inbox"
            search={show === undefined ? {} : { show }}
            className={styles.chip}
            aria-current={show === textOfFilter(chosen) ? "true" : undefined}
            replace
          >
            {text.filters.of(chip.filter.kind, nameOf(chip))} {isWhole && <span>{chip.count}</span>}
          </Link>
        );
      })}
    </nav>
  );
}

function nameOf({ filter, name }: FilterChip): string {
  return filter.kind === "for" ? shortAddress(name) : name;
}

/** A filter stays on the screen while it is chosen, also when it shows nothing any more. */
function withChosen(chips: readonly FilterChip[], chosen: Filter): readonly FilterChip[] {
  const text = textOfFilter(chosen);
  if (text === undefined || chips.some(({ filter }) => textOfFilter(filter) === text)) return chips;
  const name = chosen.kind === "for" ? chosen.person : "";
  const all = chips.length === 0 ? [{ filter: filterOf(undefined), name: "", count: 0 }] : chips;
  return [...all, { filter: chosen, name, count: 0 }];
}
