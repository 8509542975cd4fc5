/** The cards of the organization: how each looks, its versions, and who uses it. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../../api/context";
import { type CardOverview, cardsQuery } from "../../api/queries/cards/list";
import { Icon } from "../../kit/icons";
import { Page } from "../../kit/Page";
import { Pages } from "../../kit/Pages";
import { Guarded, GuardedButton } from "../../session/Guarded";
import { useMay } from "../../session/session";
import { useCommands } from "../../shell/commands/commands";
import { TEXTS as SHELL } from "../../shell/text";
import { useText } from "../../text/language";
import { ActivateDialog } from "./ActivateDialog";
import { type Act, CardTile } from "./CardTile";
import { DeleteDialog } from "./DeleteDialog";
import { Filters } from "./Filters";
import styles from "./list.module.css";
import { NewCardDialog } from "./NewCardDialog";
import { NoCards } from "./NoCards";
import { TEXTS } from "./text";
import { VersionsDialog } from "./VersionsDialog";

type Open = { act: "create" } | { act: Act; card: CardOverview };

export function CardsPage() {
  return (
    <Guarded permission="read.definitions">
      <Cards />
    </Guarded>
  );
}

function Cards() {
  const text = useText(TEXTS);
  const shell = useText(SHELL);
  const { term, draft = false } = useSearch({ from: "/shell/cards" });
  const query = useInfiniteQuery(cardsQuery(useApi(), { ...(term !== undefined && { term }), isDraft: draft }));
  const [open, setOpen] = useState<Open | null>(null);
  const mayEdit = useMay("edit.drafts");
  const create = (): void => setOpen({ act: "create" });
  const command = { id: "new-card", text: text.create, icon: "cards", group: shell.groups.here } as const;
  useCommands(mayEdit ? [{ ...command, keys: "n", run: create }] : []);
  return (
    <Page
      title={text.title}
      actions={
        <GuardedButton
          permission="edit.drafts"
          appearance="primary"
          icon={<Icon name="plus" size={16} />}
          onClick={create}
        >
          {text.create}
        </GuardedButton>
      }
    >
      <Filters term={term ?? ""} isDraft={draft} />
      <Pages query={query} empty={<NoCards isFiltered={term !== undefined || draft} onCreate={create} />}>
        {(cards) => (
          <ul className={styles.tiles} aria-label={text.title}>
            {cards.map((card) => (
              <li key={card.card_id}>
                <CardTile card={card} onAct={(act) => setOpen({ act, card })} />
              </li>
            ))}
          </ul>
        )}
      </Pages>
      {open !== null && <Opened open={open} onClose={() => setOpen(null)} />}
    </Page>
  );
}

function Opened({ open, onClose }: { open: Open; onClose: () => void }) {
  switch (open.act) {
    case "create":
      return <NewCardDialog source={null} onClose={onClose} />;
    case "duplicate":
      return <NewCardDialog source={open.card} onClose={onClose} />;
    case "versions":
      return <VersionsDialog card={open.card} onClose={onClose} />;
    case "activate":
      return <ActivateDialog card={open.card} onClose={onClose} />;
    case "delete":
      return <DeleteDialog card={open.card} onClose={onClose} />;
  }
}
