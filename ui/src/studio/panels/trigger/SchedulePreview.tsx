/** The next starts of a schedule as the server computes them, over a clock change, with the holidays of a calendar. */

import { Button } from "@fluentui/react-components";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../../api/context";
import { datastoreQuery } from "../../../api/queries/kit/choices";
import type { AnswerOf } from "../../../api/types";
import { useRested } from "../../../expression/use-rested";
import { DatastoreField } from "../../../kit/fields/pickers/DatastoreField";
import { Problem } from "../../../kit/states/Problem";
import { isObject, type JsonObject } from "../../../shared/http";
import { useText } from "../../../text/language";
import { useTimes } from "../../../text/time";
import styles from "../Panels.module.css";
import { PANEL_TEXTS } from "../text";

type Fire = AnswerOf<"previewSchedule">["items"][number];

const COUNT = 10;
const REST_MS = 300;

export function SchedulePreview({ schedule }: { schedule: JsonObject }) {
  const { schedule: text } = useText(PANEL_TEXTS);
  const { formats } = useTimes();
  const api = useApi();
  const [isAround, setIsAround] = useState(false);
  const [calendar, setCalendar] = useState("");
  const rested = useRested(JSON.stringify(schedule), REST_MS);
  const { data, error } = useQuery({
    queryKey: ["schedule-preview", rested, isAround],
    queryFn: ({ signal }) => {
      const asked = JSON.parse(rested) as JsonObject;
      return api.call("previewSchedule", { schedule: asked, count: COUNT, around_change: isAround }, { signal });
    },
    placeholderData: keepPreviousData,
    retry: false,
  });
  const { data: document } = useQuery(datastoreQuery(api, calendar));
  if (error !== null) return <Problem error={error} shape="bar" />;
  if (data === undefined) return null;
  return (
    <section aria-label={text.next}>
      <h3 className={styles.title}>
        {text.next} <span className={styles.hint}>{data.timezone}</span>
      </h3>
      <Fires items={data.items} holidays={holidaysOf(document)} />
      {data.change_on !== null && (
        <div className={styles.row}>
          <Button size="small" onClick={() => setIsAround(!isAround)}>
            {isAround ? text.fromNow : text.aroundChange(formats.day(data.change_on))}
          </Button>
        </div>
      )}
      <DatastoreField
        label={text.holidays}
        hint={text.holidaysHint}
        name="schedule/holidays"
        value={calendar}
        onChange={(next) => setCalendar(typeof next === "string" ? next : "")}
      />
    </section>
  );
}

function Fires({ items, holidays }: { items: readonly Fire[]; holidays: ReadonlySet<string> }) {
  const { schedule: text } = useText(PANEL_TEXTS);
  return (
    <ol className={styles.fires}>
      {items.map(({ on, local, wall, fires, mark }) => (
        <li key={`${on} ${mark}`} className={fires ? "" : styles.skipped}>
          <code>{local.replace("T", " ")}</code>
          {mark !== "" && <span className={styles.mark}>{text.marks[mark](wall.slice(11, 16))}</span>}
          {holidays.has(local.slice(0, 10)) && <span className={styles.mark}>{text.holiday}</span>}
        </li>
      ))}
    </ol>
  );
}

/** Returns the dates without work of a calendar document. */
function holidaysOf(document: unknown): ReadonlySet<string> {
  const days = isObject(document) && Array.isArray(document.holidays) ? document.holidays : [];
  return new Set(days.filter((each) => typeof each === "string"));
}
