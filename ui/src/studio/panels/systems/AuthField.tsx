/** Credentials that an expression gives. Constant ones belong into a connection. */

import { ChoiceField } from "../../../kit/fields/ChoiceField";
import { isComputed } from "../../../kit/fields/field";
import { useInputs } from "../../../kit/fields/inputs";
import { isObject } from "../../../shared/http";
import { useText } from "../../../text/language";
import type { StepEdit } from "../form/edit";
import { PANEL_TEXTS } from "../text";

const KINDS = ["bearer", "basic"] as const;
const BLANKS = { bearer: { type: "bearer", token: "" }, basic: { type: "basic", user: "", password: "" } } as const;

export function AuthField({ edit }: { edit: StepEdit }) {
  const text = useText(PANEL_TEXTS);
  const { Json } = useInputs();
  const [label, hint] = text.fields.auth;
  const field = edit.field(["auth"], label, hint);
  const { value } = field;
  const kind = isObject(value) ? KINDS.find((each) => each === value.type) : undefined;
  if (value !== undefined && kind === undefined && !isComputed(value)) return <Json {...field} />;
  const choose = (next: unknown): void => {
    const known = KINDS.find((each) => each === next);
    field.onChange(known === undefined ? next : BLANKS[known]);
  };
  return (
    <>
      <ChoiceField
        {...field}
        value={kind ?? value}
        options={KINDS.map((each) => ({ value: each, label: text.options[each] }))}
        onChange={choose}
        isComputable
      />
      {kind === "bearer" && <Part edit={edit} name="token" />}
      {kind === "basic" && (
        <>
          <Part edit={edit} name="user" />
          <Part edit={edit} name="password" />
        </>
      )}
    </>
  );
}

function Part({ edit, name }: { edit: StepEdit; name: "token" | "user" | "password" }) {
  const text = useText(PANEL_TEXTS);
  const { Text } = useInputs();
  const field = edit.field(["auth", name], ...text.fields[name]);
  const value = typeof field.value === "string" ? field.value : "";
  return <Text {...field} value={value} expected="text" isRequired onChange={field.onChange} />;
}
