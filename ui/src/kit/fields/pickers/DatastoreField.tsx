import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../../api/context";
import { datastoreChoicesQuery } from "../../../api/queries/kit/choices";
import type { FieldProps } from "../field";
import { useInputs } from "../inputs";

interface DatastoreFieldProps extends FieldProps {
  placeholder?: string;
}

/** The name of a datastore: chosen, typed (a step may create it), or computed. */
export function DatastoreField({ value, onChange, ...props }: DatastoreFieldProps) {
  const { Text } = useInputs();
  const { data } = useQuery(datastoreChoicesQuery(useApi()));
  const name = typeof value === "string" ? value : "";
  const choices = (data ?? []).filter((each) => each !== name).map((each) => ({ value: each, label: each }));
  return (
    <Text
      {...props}
      value={name}
      expected="text"
      choices={choices}
      onChange={(next) => onChange(next === "" ? undefined : next)}
    />
  );
}
