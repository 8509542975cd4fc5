/** The card of a step: one of the organization, or one that the step has itself. */

import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../../api/context";
import { cardChoicesQuery } from "../../../api/queries/kit/choices";
import { ChoiceField, Segmented } from "../../../kit/fields/ChoiceField";
import { useInputs } from "../../../kit/fields/inputs";
import { NumberField } from "../../../kit/fields/NumberField";
import { useNewer } from "../../../kit/fields/pickers/use-newer";
import { Problem } from "../../../kit/states/Problem";
import { isObject } from "../../../shared/http";
import { useText } from "../../../text/language";
import type { StepEdit } from "../form/edit";
import { PANEL_TEXTS } from "../text";
import { CardPicture } from "./CardPicture";

export function CardParts({ edit }: { edit: StepEdit }) {
  const { card: text, fields } = useText(PANEL_TEXTS);
  const { Json } = useInputs();
  const isOwn = edit.settings.card !== undefined;
  const isNamed = edit.settings.card_id !== undefined || edit.settings.card_version !== undefined;
  const hasStandard = edit.type === "approval";
  const kind = isOwn ? "own" : isNamed || !hasStandard ? "named" : "standard";
  const choose = (next: unknown): void => {
    if (next === kind) return;
    const { card, card_id, card_version, ...others } = edit.settings;
    const own = card ?? { type: "AdaptiveCard", version: "1.5", body: [] };
    const named = { card_id: card_id ?? "", ...(card_version !== undefined && { card_version }) };
    // The other way to name a card is taken away, as one change: undo returns it.
    edit.set(["settings"], { ...others, ...(next === "own" && { card: own }), ...(next === "named" && named) });
  };
  const options = [
    ...(hasStandard ? [{ value: "standard", label: text.standard }] : []),
    { value: "named", label: text.named },
    { value: "own", label: text.own },
  ];
  return (
    <>
      <Segmented
        label={text.title}
        name={`${edit.id}/card`}
        value={kind}
        isReadOnly={edit.isReadOnly}
        options={options}
        onChange={choose}
      />
      {kind === "own" && <Json {...edit.field(["card"], ...fields.card)} />}
      {isObject(edit.settings.card) && <CardPicture card={edit.settings.card} />}
      {kind === "named" && <Named edit={edit} />}
    </>
  );
}

function Named({ edit }: { edit: StepEdit }) {
  const { fields, card: text } = useText(PANEL_TEXTS);
  const choices = useQuery(cardChoicesQuery(useApi()));
  const { data, error } = choices;
  const { card_id: id, card_version: given } = edit.settings;
  const chosen = data?.find((each) => each.card_id === id);
  useNewer(choices, id, chosen !== undefined);
  const version = typeof given === "number" ? given : (chosen?.active_version ?? chosen?.newest_version);
  return (
    <>
      {error !== null && <Problem error={error} shape="bar" />}
      <ChoiceField
        {...edit.field(["card_id"], ...fields.cardId)}
        isRequired
        options={(data ?? []).map(({ card_id, card_name, active_version }) => ({
          value: card_id,
          label: active_version === null ? text.draftOnly(card_name) : card_name,
        }))}
      />
      <NumberField
        {...edit.field(["card_version"], ...fields.cardVersion)}
        isWhole
        least={1}
        placeholder={text.newest}
      />
      {chosen !== undefined && version !== undefined && (
        <a href={designerOf(edit, chosen.card_id, version)} target="_blank" rel="noopener noreferrer">
          {text.open}
        </a>
      )}
    </>
  );
}

/** Returns the address of the designer, which is opened beside the Studio, with this step in mind. */
function designerOf({ store, id }: StepEdit, card: string, version: number): string {
  const { workflowId, version: workflowVersion } = store.getState();
  const search = new URLSearchParams({
    workflow: workflowId,
    workflow_version: String(workflowVersion),
    step: id,
  });
  return `/app/cards/${encodeURIComponent(card)}/v/${version}?${search}`;
}
