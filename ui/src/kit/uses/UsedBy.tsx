/** The workflows and steps that name an object. */

import { Button } from "@fluentui/react-components";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useApi } from "../../api/context";
import { type Use, type UsedKind, usesQuery } from "../../api/queries/kit/uses";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { Chip } from "../Chip";
import { Section } from "../Page";
import { Loading } from "../states/Loading";
import { Problem } from "../states/Problem";
import { TEXTS } from "./text";
import styles from "./uses.module.css";

interface UsedByProps {
  kind: UsedKind;
  /** The id of a workflow or card, else the name. */
  name: string;
  /** In a question: without a heading of its own. */
  isQuiet?: boolean;
}

export function UsedBy({ kind, name, isQuiet = false }: UsedByProps) {
  const text = useText(TEXTS);
  const uses = <Uses kind={kind} name={name} isQuiet={isQuiet} />;
  return isQuiet ? uses : <Section title={text.title}>{uses}</Section>;
}

function Uses({ kind, name, isQuiet = false }: UsedByProps) {
  const text = useText(TEXTS);
  const shared = useText(SHARED);
  const query = useInfiniteQuery(usesQuery(useApi(), kind, name));
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  if (data === undefined) {
    return error === null ? <Loading rows={2} /> : <Problem error={error} shape="bar" onRetry={() => void refetch()} />;
  }
  const uses = data.pages.flatMap(({ used_by: found }) => found);
  if (uses.length === 0) return <p className={styles.none}>{text.none}</p>;
  return (
    <>
      {isQuiet && <p className={styles.warning}>{text.warning(new Set(uses.map((use) => use.workflow_id)).size)}</p>}
      <ul className={styles.uses} aria-label={text.title}>
        {uses.map((use) => (
          <UseItem key={`${use.workflow_id} ${use.version} ${use.path}`} use={use} />
        ))}
      </ul>
      {hasNextPage && (
        <Button size="small" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {shared.more}
        </Button>
      )}
    </>
  );
}

function UseItem({ use }: { use: Use }) {
  const text = useText(TEXTS);
  return (
    <li>
      <Link to="/workflows/$workflowId" params={{ workflowId: use.workflow_id }} preload={false}>
        {use.workflow_name}
      </Link>
      <span>{text.version(use.version)}</span>
      <Chip tone={use.status === "ACTIVE" ? "done" : "skipped"}>{text.states[use.status]}</Chip>
      <span className={styles.step}>{use.step === null ? text.setting : use.label || use.step}</span>
    </li>
  );
}
