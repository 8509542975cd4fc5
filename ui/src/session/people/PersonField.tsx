/** The address of a person: typed, or chosen from the people of the organization. */

import { Field, Input } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useId } from "react";
import { useApi } from "../../api/context";
import { peopleQuery } from "../../api/queries/inbox/inbox";

interface PersonFieldProps {
  label: string;
  hint?: string;
  value: string;
  onChange: (email: string) => void;
}

export function PersonField({ label, hint, value, onChange }: PersonFieldProps) {
  const list = useId();
  const { data } = useQuery(peopleQuery(useApi(), useDeferredValue(value.trim())));
  return (
    <Field label={label} {...(hint !== undefined && { hint })} required>
      <Input
        type="email"
        list={list}
        autoComplete="off"
        value={value}
        onChange={(_, { value: typed }) => onChange(typed)}
      />
      <datalist id={list}>
        {data?.items.map(({ email, name }) => (
          <option key={email} value={email}>
            {name}
          </option>
        ))}
      </datalist>
    </Field>
  );
}
