/** A connection by its name, with a test of it. */

import { Button } from "@fluentui/react-components";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useApi } from "../../../api/context";
import { connectionChoicesQuery } from "../../../api/queries/kit/choices";
import { useText } from "../../../text/language";
import { TEXTS as CHECKS } from "../../checks/text";
import { Note } from "../../Note";
import { Problem } from "../../states/Problem";
import { ChoiceField } from "../ChoiceField";
import styles from "../Fields.module.css";
import { type FieldProps, isComputed } from "../field";
import { TEXTS } from "../text";

interface ConnectionFieldProps extends FieldProps {
  /** Only connections of this kind; empty for all. */
  kind: string;
  /** Further kinds that fit. */
  or?: readonly string[];
}

export function ConnectionField({ kind, or = [], ...field }: ConnectionFieldProps) {
  const { connection: text } = useText(TEXTS);
  const { data, error } = useQuery(connectionChoicesQuery(useApi()));
  const options = (data ?? [])
    .filter((each) => kind === "" || each.kind === kind || or.includes(each.kind))
    .map(({ name }) => ({ value: name, label: name }));
  const { value, isReadOnly = false } = field;
  const isKnown = options.some((option) => option.value === value);
  const hint = data !== undefined && options.length === 0 ? text.none : field.hint;
  return (
    <div className={styles.tight}>
      <ChoiceField {...field} hint={hint} options={options} isComputable />
      {error !== null && <Problem error={error} shape="bar" />}
      {typeof value === "string" && isKnown && !isComputed(value) && !isReadOnly && <Test key={value} name={value} />}
    </div>
  );
}

function Test({ name }: { name: string }) {
  const { connection: text } = useText(TEXTS);
  const { said } = useText(CHECKS);
  const api = useApi();
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: async () => (await api.call("testConnection", { name })).item,
  });
  const ms = data?.checks.reduce((sum, check) => sum + check.ms, 0) ?? 0;
  return (
    <>
      <div>
        <Button size="small" disabled={isPending} onClick={() => mutate()}>
          {text.test}
        </Button>
      </div>
      {data?.is_ok === true && <Note>{text.fine(`${ms} ms`)}</Note>}
      {data?.is_ok === false && (
        <Note tone="warning">
          {text.broken}
          <ul>
            {data.checks
              .filter(({ state }) => state === "failed")
              .map((check) => (
                <li key={check.name}>
                  {said(check.text)} {said(check.fix)}
                </li>
              ))}
          </ul>
        </Note>
      )}
      {error !== null && <Problem error={error} shape="bar" />}
    </>
  );
}
