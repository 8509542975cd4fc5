/** Which span of time, which workflow, and whether it is compared with the span before. All of it is in the address. */

import { Checkbox, Input, Select } from "@fluentui/react-components";
import { useNavigate } from "@tanstack/react-router";
import { useText } from "../text/language";
import styles from "./Insights.module.css";
import { type InsightsSearch, RANGES, type Range, USUAL_RANGE } from "./span";
import { TEXTS } from "./text";

interface FiltersProps {
  search: InsightsSearch;
  names: ReadonlyMap<string, string>;
}

type Change = { [Key in keyof InsightsSearch]?: InsightsSearch[Key] | undefined };

export function Filters({ search, names }: FiltersProps) {
  const text = useText(TEXTS);
  const navigate = useNavigate();
  const change = (some: Change): void => {
    const all = Object.entries({ ...search, ...some }).filter(([, value]) => value !== undefined);
    void navigate({ to: "/insights", search: Object.fromEntries(all), replace: true });
  };
  const isCustom = search.from !== undefined || search.to !== undefined;
  const { range = USUAL_RANGE, of: workflow } = search;
  const all = workflow === undefined || names.has(workflow) ? names : new Map([...names, [workflow, workflow]]);
  return (
    <div className={styles.filters}>
      <Select
        aria-label={text.workflow}
        value={workflow ?? ""}
        onChange={(_, { value }) => change({ of: value || undefined })}
      >
        <option value="">{text.allWorkflows}</option>
        {[...all].map(([id, name]) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </Select>
      <fieldset className={styles.ranges}>
        <legend className={styles.spoken}>{text.range}</legend>
        {RANGES.map((each) => (
          <button
            key={each}
            type="button"
            className={styles.range}
            aria-pressed={!isCustom && each === range}
            onClick={() => change({ range: rangeOf(each), from: undefined, to: undefined })}
          >
            {text.ranges[each]}
          </button>
        ))}
      </fieldset>
      <Input
        type="date"
        aria-label={text.from}
        value={search.from ?? ""}
        onChange={(_, { value }) => change({ from: value || undefined })}
      />
      <Input
        type="date"
        aria-label={text.to}
        value={search.to ?? ""}
        onChange={(_, { value }) => change({ to: value || undefined })}
      />
      <Checkbox
        label={text.compare}
        checked={search.alone !== true}
        onChange={(_, { checked }) => change({ alone: checked === true ? undefined : true })}
      />
    </div>
  );
}

/** The usual range needs no part in the address. */
function rangeOf(range: Range): Range | undefined {
  return range === USUAL_RANGE ? undefined : range;
}
