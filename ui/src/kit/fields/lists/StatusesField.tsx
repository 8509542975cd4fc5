import type { FieldProps } from "../field";
import { useInputs } from "../inputs";
import { TagsField } from "./TagsField";

interface StatusesFieldProps extends FieldProps {
  /** Says that a text is no status. */
  wrong: string;
}

const STATUS = /^(?:[1-5]xx|[1-5]\d\d)$/;
const COMMON = ["4xx", "5xx", "404", "409", "429"].map((value) => ({ value, label: value }));

/** Statuses of answers, such as 404 or 4xx. */
export function StatusesField({ value, onChange, wrong, ...props }: StatusesFieldProps) {
  const { Json } = useInputs();
  const isList = value === undefined || (Array.isArray(value) && value.every((each) => typeof each === "string"));
  if (!isList) return <Json {...props} value={value} onChange={onChange} />;
  return (
    <TagsField
      {...props}
      tags={value ?? []}
      suggestions={COMMON}
      placeholder="4xx"
      complain={(text) => (STATUS.test(text) ? "" : wrong)}
      onTags={(tags) => onChange(tags.length === 0 ? undefined : tags)}
    />
  );
}
