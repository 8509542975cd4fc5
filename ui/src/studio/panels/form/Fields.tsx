/** The fields of a step type, each by its widget. */

import { ChoiceField, Segmented } from "../../../kit/fields/ChoiceField";
import { DurationField } from "../../../kit/fields/DurationField";
import type { FieldProps } from "../../../kit/fields/field";
import { InstantField } from "../../../kit/fields/InstantField";
import { useInputs } from "../../../kit/fields/inputs";
import { PairsField } from "../../../kit/fields/lists/PairsField";
import { StatusesField } from "../../../kit/fields/lists/StatusesField";
import { NumberField } from "../../../kit/fields/NumberField";
import { ConnectionField } from "../../../kit/fields/pickers/ConnectionField";
import { DatastoreField } from "../../../kit/fields/pickers/DatastoreField";
import { PeopleField } from "../../../kit/fields/pickers/PeopleField";
import { RulesField } from "../../../kit/fields/rules/RulesField";
import { SwitchField } from "../../../kit/fields/SwitchField";
import { useText } from "../../../text/language";
import { MapFields } from "../mapping/MapFields";
import { PANEL_TEXTS } from "../text";
import { AppField, ChannelField } from "./ChannelField";
import type { StepEdit } from "./edit";
import { FallbackField } from "./FallbackField";
import type { Spec, Widget } from "./spec";

/** The field of one setting, with its words. */
export function SpecField({ spec, edit }: { spec: Spec; edit: StepEdit }) {
  const text = useText(PANEL_TEXTS);
  const { key, path, widget, isRequired = false } = spec;
  const [label, hint] = text.fields[key];
  const field = { ...edit.field(path, label, hint), isRequired };
  if (widget.kind === "app") return <AppField {...field} channel={edit.settings.channel} />;
  if (widget.kind === "fallback") return <FallbackField edit={edit} field={field} />;
  return <WidgetField widget={widget} field={field} />;
}

/** Widgets whose fields need nothing but their own value. */
type OwnWidget = Exclude<Widget, { kind: "app" | "fallback" }>;

/** The field that a widget names. */
export function WidgetField({ widget, field }: { widget: OwnWidget; field: FieldProps }) {
  const text = useText(PANEL_TEXTS);
  const { Json } = useInputs();
  switch (widget.kind) {
    case "text":
      return <TextOf field={field} widget={widget} />;
    case "number":
      return <NumberField {...field} {...widget} />;
    case "duration":
      return <DurationField {...field} {...widget} />;
    case "instant":
      return <InstantField {...field} />;
    case "choice": {
      const { options, none, isSegmented = false, ...others } = widget;
      const labels: Readonly<Record<string, string>> = text.options;
      const shown = options.map((value) => ({ value, label: labels[value] ?? value }));
      return isSegmented ? (
        <Segmented {...field} {...others} options={shown} />
      ) : (
        <ChoiceField
          {...field}
          {...others}
          options={shown}
          {...(none !== undefined && { none: labels[none] ?? none })}
        />
      );
    }
    case "switch":
      return <SwitchField {...field} {...widget} />;
    case "pairs":
      return <PairsField {...field} />;
    case "json":
      return (
        <>
          <Json {...field} />
          {widget.isMapped === true && <MapFields field={field} />}
        </>
      );
    case "statuses":
      return <StatusesField {...field} wrong={text.noStatus} />;
    case "people":
      return <PeopleField {...field} />;
    case "connection":
      return <ConnectionField {...field} kind={widget.of} {...(widget.or !== undefined && { or: widget.or })} />;
    case "datastore":
      return <DatastoreField {...field} />;
    case "channel":
      return <ChannelField {...field} />;
    case "rules":
      return <RulesField {...field} />;
  }
}

function TextOf({ field, widget }: { field: FieldProps; widget: Extract<Widget, { kind: "text" }> }) {
  const { Text, Json } = useInputs();
  const { value, onChange } = field;
  // A list or an object where a text is expected stays what it is.
  if (value !== undefined && typeof value !== "string") return <Json {...field} />;
  return (
    <Text
      {...field}
      value={value ?? ""}
      isMultiline={widget.isMultiline ?? false}
      expected={widget.expected ?? "text"}
      placeholder={widget.placeholder ?? ""}
      // A setting that is not needed and empty is none.
      onChange={(next) => onChange(next === "" && field.isRequired !== true ? undefined : next)}
    />
  );
}
