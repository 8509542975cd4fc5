/** An approval as a sentence, with the fields that it is made of, and as a strip of time. */

import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../../api/context";
import { datastoreQuery } from "../../../api/queries/kit/choices";
import { ChoiceField, Segmented } from "../../../kit/fields/ChoiceField";
import { useInputs } from "../../../kit/fields/inputs";
import { NumberField } from "../../../kit/fields/NumberField";
import { DatastoreField } from "../../../kit/fields/pickers/DatastoreField";
import { PeopleField } from "../../../kit/fields/pickers/PeopleField";
import { SwitchField } from "../../../kit/fields/SwitchField";
import { isObject } from "../../../shared/http";
import { useText } from "../../../text/language";
import { useTimes } from "../../../text/time";
import type { StepEdit } from "../form/edit";
import styles from "../Panels.module.css";
import { PANEL_TEXTS } from "../text";
import { Sentence } from "./Sentence";
import { TimeStrip } from "./TimeStrip";
import { momentsOf, termsOf } from "./terms";
import { calendarOf } from "./working-time";

export function ApprovalSentence({ edit }: { edit: StepEdit }) {
  const { now } = useTimes();
  const terms = termsOf(edit.settings);
  const { data } = useQuery(datastoreQuery(useApi(), terms.calendar));
  const calendar = data === undefined ? null : calendarOf(data);
  return (
    <>
      <Sentence terms={terms} />
      <Recipients edit={edit} />
      <Needed edit={edit} />
      <TimeStrip moments={momentsOf(terms, now, calendar)} calendar={calendar} name={terms.calendar} />
    </>
  );
}

function Recipients({ edit }: { edit: StepEdit }) {
  const { people: text, fields } = useText(PANEL_TEXTS);
  const { Text } = useInputs();
  const field = edit.field(["recipients"], ...fields.recipients);
  const isStore = isObject(field.value);
  return (
    <>
      <Segmented
        label={text.source}
        name={`${field.name}/source`}
        value={isStore ? "datastore" : "list"}
        isReadOnly={edit.isReadOnly}
        options={[
          { value: "list", label: text.list },
          { value: "datastore", label: text.datastore },
        ]}
        onChange={(next) => field.onChange(next === "datastore" ? { datastore: "" } : [])}
      />
      {isStore ? (
        <>
          <DatastoreField {...edit.field(["recipients", "datastore"], ...fields.recipientsStore)} isRequired />
          <Text
            {...edit.field(["recipients", "path"], ...fields.recipientsPath)}
            value={textOf(edit.field(["recipients", "path"], "").value)}
            onChange={(next) => edit.setting(["recipients", "path"], next === "" ? undefined : next)}
          />
        </>
      ) : (
        <PeopleField {...field} isRequired />
      )}
    </>
  );
}

function Needed({ edit }: { edit: StepEdit }) {
  const { people: text, fields, options } = useText(PANEL_TEXTS);
  const quorum = edit.field(["quorum"], ...fields.quorum);
  const isNumber = quorum.value !== undefined && typeof quorum.value !== "string";
  return (
    <>
      <div className={styles.row}>
        <Segmented
          {...edit.field(["order"], ...fields.order)}
          fallback="parallel"
          options={[
            { value: "parallel", label: options.parallel },
            { value: "sequence", label: options.sequence },
          ]}
        />
        <ChoiceField
          {...quorum}
          value={isNumber ? "number" : quorum.value}
          fallback="all"
          options={[
            { value: "any", label: options.any },
            { value: "all", label: options.all },
            { value: "number", label: text.number },
          ]}
          onChange={(next) => quorum.onChange(next === "number" ? 2 : next)}
        />
        {isNumber && <NumberField {...edit.field(["quorum"], ...fields.quorumNumber)} isWhole least={1} />}
      </div>
      <SwitchField {...edit.field(["veto"], ...fields.veto)} />
    </>
  );
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
