import { Button, Menu, MenuItem, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import type { CardOverview } from "../../api/queries/cards/list";
import type { Permission } from "../../api/types";
import { Chip } from "../../kit/Chip";
import { Icon } from "../../kit/icons";
import { useMay } from "../../session/session";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { Time } from "../../text/time";
import styles from "./list.module.css";
import { Thumbnail } from "./Thumbnail";
import { TEXTS } from "./text";

/** What the menu of a card offers. */
export type Act = "duplicate" | "versions" | "activate" | "delete";

interface CardTileProps {
  card: CardOverview;
  onAct: (act: Act) => void;
}

/** A card: its picture, its name, its versions, and how many workflows use it. */
export function CardTile({ card, onAct }: CardTileProps) {
  const text = useText(TEXTS);
  const { card_id: cardId, card_name: name, active_version: active, draft, newest_version: newest } = card;
  return (
    <article className={styles.tile}>
      <Thumbnail cardId={cardId} version={newest} name={name} />
      <div className={styles.facts}>
        <div className={styles.head}>
          <Link
            to="/cards/$cardId/v/$version"
            params={{ cardId, version: String(newest) }}
            className={styles.name}
            preload={false}
          >
            {name}
          </Link>
          <Acts card={card} onAct={onAct} />
        </div>
        <span className={styles.chips}>
          {active === null ? (
            <Chip tone="idle">{text.neverActive}</Chip>
          ) : (
            <Chip tone="done">{text.active(active)}</Chip>
          )}
          {draft !== null && <Chip tone="skipped">{text.draft(draft.version)}</Chip>}
        </span>
        <small>
          {text.usedBy(card.used_by)} · <Time at={card.modified_on} /> {card.modified_by_name}
        </small>
      </div>
    </article>
  );
}

function Acts({ card: { card_name: name, draft }, onAct }: CardTileProps) {
  const text = useText(TEXTS);
  return (
    <Menu>
      <MenuTrigger disableButtonEnhancement>
        <Button appearance="subtle" size="small" icon={<Icon name="more" size={16} />} aria-label={text.actsOf(name)} />
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          <MenuItem onClick={() => onAct("versions")}>{text.versions}</MenuItem>
          <GuardedItem permission="edit.drafts" onClick={() => onAct("duplicate")}>
            {text.duplicate}
          </GuardedItem>
          <GuardedItem permission="activate" isOff={draft === null} onClick={() => onAct("activate")}>
            {draft === null ? text.nothingToActivate : text.activate(draft.version)}
          </GuardedItem>
          <GuardedItem permission="activate" onClick={() => onAct("delete")}>
            {text.delete}
          </GuardedItem>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

interface GuardedItemProps {
  permission: Permission;
  /** There is nothing that it could do. */
  isOff?: boolean;
  onClick: () => void;
  children: string;
}

/** An entry for people with a permission; for the others it says which one it needs. */
function GuardedItem({ permission, isOff = false, onClick, children }: GuardedItemProps) {
  const shared = useText(SHARED);
  const may = useMay(permission);
  return (
    <MenuItem disabled={!may || isOff} {...(!may && { title: shared.needsPermission(permission) })} onClick={onClick}>
      {children}
    </MenuItem>
  );
}
