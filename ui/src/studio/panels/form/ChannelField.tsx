/** By which channel of the installation a card is sent, and by which connection. */

import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../../api/context";
import { connectionChoicesQuery } from "../../../api/queries/kit/choices";
import { stepTypesQuery } from "../../../api/queries/studio/steps";
import { ChoiceField } from "../../../kit/fields/ChoiceField";
import type { FieldProps, Option } from "../../../kit/fields/field";
import { useInputs } from "../../../kit/fields/inputs";
import { useText } from "../../../text/language";
import { PANEL_TEXTS } from "../text";
import { INBOX, kindsOf } from "./channels";

export function ChannelField(field: FieldProps) {
  return <ChoiceField {...field} options={useChannels()} fallback={INBOX} />;
}

/** Returns the channels of the installation, each with its name. */
export function useChannels(): readonly Option[] {
  const text = useText(PANEL_TEXTS);
  const { data } = useQuery(stepTypesQuery(useApi()));
  const labels: Readonly<Record<string, string>> = text.options;
  return (data?.channels ?? [INBOX]).map((value) => ({ value, label: labels[value] ?? value }));
}

/** The connection that sends by a channel: one of its kinds; a name where they are not known. The inbox needs none. */
export function AppField({ channel, ...field }: FieldProps & { channel: unknown }) {
  const { Text, Json } = useInputs();
  const { data } = useQuery(connectionChoicesQuery(useApi()));
  const kinds = kindsOf(channel);
  const { value, onChange } = field;
  if (kinds?.length === 0 && value === undefined) return null;
  if (value !== undefined && typeof value !== "string") return <Json {...field} />;
  if (kinds === null)
    return <Text {...field} value={value ?? ""} onChange={(next) => onChange(next === "" ? undefined : next)} />;
  const options = (data ?? []).filter(({ kind }) => kinds.includes(kind)).map(({ name }) => optionOf(name));
  const [only] = options.length === 1 ? options : [];
  return <ChoiceField {...field} options={options} {...(only !== undefined && { fallback: only.value })} />;
}

function optionOf(name: string): Option {
  return { value: name, label: name };
}
