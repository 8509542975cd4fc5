/** By which channel of the installation a card is sent. */

import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../../api/context";
import { stepTypesQuery } from "../../../api/queries/studio/steps";
import { ChoiceField } from "../../../kit/fields/ChoiceField";
import type { FieldProps } from "../../../kit/fields/field";
import { useText } from "../../../text/language";
import { PANEL_TEXTS } from "../text";

/** The channel that each installation has. */
const INBOX = "inbox";

export function ChannelField(field: FieldProps) {
  const text = useText(PANEL_TEXTS);
  const { data } = useQuery(stepTypesQuery(useApi()));
  const labels: Readonly<Record<string, string>> = text.options;
  const options = (data?.channels ?? [INBOX]).map((value) => ({ value, label: labels[value] ?? value }));
  return <ChoiceField {...field} options={options} fallback={INBOX} />;
}
