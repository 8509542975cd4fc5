/** The inputs of the Studio: texts and JSON in which expressions are written. */

import { ExpressionField } from "../../expression/ExpressionField";
import { JsonField } from "../../expression/JsonField";
import { Computed } from "../../kit/fields/Computed";
import type { TextInputProps } from "../../kit/fields/field";
import { type FieldProps, isComputed } from "../../kit/fields/field";
import { PlainText } from "../../kit/fields/PlainText";

/** The input of a text that may be an expression. */
export function StudioText(props: TextInputProps) {
  const { choices, name, value, onChange } = props;
  if (choices !== undefined && !isComputed(value)) {
    const give = (next: unknown): void => onChange(typeof next === "string" ? next : "");
    return (
      <Computed field={{ ...props, onChange: give }} expected="text">
        <PlainText {...props} />
      </Computed>
    );
  }
  return (
    <div id={name}>
      <ExpressionField {...props} />
    </div>
  );
}

/** The input of a value that is written as JSON and may hold expressions. */
export function StudioJson(props: FieldProps) {
  return (
    <div id={props.name}>
      <JsonField {...props} />
    </div>
  );
}
