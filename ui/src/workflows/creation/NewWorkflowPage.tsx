/** How a workflow begins: empty, from a template, or from a file or a text of another installation. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context";
import { type Template, templatesQuery } from "../../api/queries/workflows/workflows";
import { Answer } from "../../kit/Answer";
import { Tag } from "../../kit/Chip";
import { Icon } from "../../kit/icons";
import { Page, Section } from "../../kit/Page";
import { Guarded } from "../../session/Guarded";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "./creation.module.css";
import { Import } from "./Import";
import { NameDialog } from "./NameDialog";
import { TemplateDialog } from "./TemplateDialog";

export function NewWorkflowPage() {
  return (
    <Guarded permission="edit.drafts">
      <NewWorkflow />
    </Guarded>
  );
}

function NewWorkflow() {
  const { creation: text } = useText(TEXTS);
  const query = useQuery(templatesQuery(useApi()));
  const [open, setOpen] = useState<"empty" | Template | null>(null);
  const close = (): void => setOpen(null);
  return (
    <Page title={text.title}>
      <Section title={text.gallery} hint={text.galleryHint}>
        <ul className={styles.gallery} aria-label={text.gallery}>
          <li>
            <Tile title={text.empty} summary={text.emptySummary} isEmpty onChoose={() => setOpen("empty")} />
          </li>
          {query.data?.items.map((each) => (
            <TemplateTile key={each.id} template={each} onChoose={setOpen} />
          ))}
        </ul>
        <Answer query={query} rows={2}>
          {() => null}
        </Answer>
      </Section>
      <Import />
      {open === "empty" && <NameDialog onClose={close} />}
      {open !== null && open !== "empty" && <TemplateDialog template={open} onClose={close} />}
    </Page>
  );
}

function TemplateTile({ template, onChoose }: { template: Template; onChoose: (template: Template) => void }) {
  const { creation: text } = useText(TEXTS);
  const kinds = [...new Set(template.needs.map(({ kind }) => kind))];
  return (
    <li>
      <Tile title={template.title} summary={template.summary} onChoose={() => onChoose(template)}>
        <span className={styles.needs}>
          {kinds.map((kind) => (
            <Tag key={kind}>{text.needs(kind)}</Tag>
          ))}
          {template.cards.length > 0 && <Tag>{text.cards(template.cards.length)}</Tag>}
        </span>
      </Tile>
    </li>
  );
}

interface TileProps {
  title: string;
  summary: string;
  isEmpty?: boolean;
  onChoose: () => void;
  children?: React.ReactNode;
}

function Tile({ title, summary, isEmpty = false, onChoose, children }: TileProps) {
  return (
    <button type="button" className={styles.tile} onClick={onChoose}>
      <span className={styles.picture}>
        <Icon name={isEmpty ? "plus" : "workflows"} size={24} />
      </span>
      <span className={styles.title}>{title}</span>
      <span className={styles.summary}>{summary}</span>
      {children}
    </button>
  );
}
