/** People: mail addresses, or expressions that give them. */

import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { useApi } from "../../../api/context";
import { peopleQuery } from "../../../api/queries/inbox/inbox";
import { useText } from "../../../text/language";
import { type FieldProps, isComputed } from "../field";
import { useInputs } from "../inputs";
import { TagsField } from "../lists/TagsField";
import { TEXTS } from "../text";

const MAIL = /^[^\s@,]+@[^\s@,]+$/;

export function PeopleField({ value, onChange, ...props }: FieldProps) {
  const text = useText(TEXTS);
  const { Json } = useInputs();
  const [typed, setTyped] = useState("");
  const term = useDeferredValue(typed.trim());
  const { data } = useQuery(peopleQuery(useApi(), term.includes("${") ? "" : term));
  const people = peopleOf(value);
  if (people === null) return <Json {...props} value={value} onChange={onChange} />;
  const give = (next: readonly string[]): void => onChange(settingOf(next, value));
  return (
    <TagsField
      {...props}
      tags={people}
      placeholder={text.person}
      suggestions={(data?.items ?? []).map(({ email, name }) => ({ value: email, label: name }))}
      complain={(entry) => (MAIL.test(entry) || isComputed(entry) ? "" : text.people.notMail(entry))}
      onType={setTyped}
      onTags={give}
    />
  );
}

/** Returns the people of a setting, null for one of another form. */
export function peopleOf(value: unknown): readonly string[] | null {
  if (value === undefined) return [];
  if (typeof value === "string") return value === "" ? [] : [value];
  return Array.isArray(value) && value.every((each) => typeof each === "string") ? value : null;
}

/** Returns the setting for people: a text stays one as long as it is one person. */
function settingOf(people: readonly string[], before: unknown): unknown {
  if (people.length === 0) return undefined;
  const [first] = people;
  // An expression may give a list by itself; within a list it would have to give one person.
  const isAlone = people.length === 1 && (typeof before === "string" || isComputed(first));
  return isAlone ? first : people;
}
