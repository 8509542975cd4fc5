/** Which version this is, whether it is saved, and what may be done with it. */

import { Button, Select } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useApi } from "../../api/context";
import { type CardVersion, versionsQuery } from "../../api/queries/cards/cards";
import type { SaveState } from "../../editing/keeping/saver";
import { Chip } from "../../kit/Chip";
import { useText } from "../../text/language";
import type { CardKind } from "../saving/keep-card";
import type { Draft } from "../saving/use-draft";
import type { CardSearch } from "./address";
import styles from "./Designer.module.css";
import { TEXTS } from "./text";

interface VersionStateProps {
  draft: Draft;
  mayEdit: boolean;
  isEditing: boolean;
  search: CardSearch;
  onEdit: () => void;
}

export function VersionState({ draft, mayEdit, isEditing, search, onEdit }: VersionStateProps) {
  const text = useText(TEXTS);
  const navigate = useNavigate();
  const { stored, save } = draft.now;
  const saved = stored.card;
  const { data: versions = [] } = useQuery(versionsQuery(useApi(), saved.card_id));
  const isActive = saved.status === "ACTIVE";
  const newer = versions.find(({ status, version }) => status === "DRAFT" && version > saved.card_version);
  const open = (version: string): void =>
    void navigate({ to: "/cards/$cardId/v/$version", params: { cardId: saved.card_id, version }, search });
  return (
    <>
      <Chip tone={isActive ? "done" : "idle"}>{text.status(isActive)}</Chip>
      <Select
        aria-label={text.version}
        size="small"
        value={String(saved.card_version)}
        onChange={(_, { value }) => open(value)}
      >
        {withCurrent(versions, saved).map(({ version, status }) => (
          <option key={version} value={version}>
            {text.versionOf(version, status === "ACTIVE")}
          </option>
        ))}
      </Select>
      {isEditing && (
        <span className={styles.saved} role="status">
          {stateText(save, text)}
        </span>
      )}
      {isActive && newer !== undefined && (
        <Button size="small" onClick={() => open(String(newer.version))}>
          {text.openDraft(newer.version, newer.by_name ?? newer.by ?? "")}
        </Button>
      )}
      {isActive && mayEdit && !isEditing && (
        <Button size="small" onClick={onEdit}>
          {text.edit}
        </Button>
      )}
    </>
  );
}

interface Row {
  version: number;
  status: "ACTIVE" | "DRAFT";
}

/** The list may be older than the version on the screen. */
function withCurrent(versions: readonly Row[], { card_version: version, status }: CardVersion): readonly Row[] {
  const others = versions.filter((each) => each.version !== version);
  return [{ version, status }, ...others].sort((one, other) => other.version - one.version);
}

function stateText(save: SaveState<CardKind>, text: (typeof TEXTS)["en"]): string {
  return save.kind === "failed" ? text.notSaved(save.error.facts.message) : text.saveStates[save.kind];
}
