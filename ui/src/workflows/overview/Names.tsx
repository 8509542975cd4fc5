import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useApi } from "../../api/context";
import { cardsQuery } from "../../api/queries/cards/list";
import { workflowChoicesQuery } from "../../api/queries/kit/choices";
import type { Workflow } from "../../api/queries/workflows/workflows";
import { namesOf } from "../../kit/fields/pickers/WorkflowField";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "./overview.module.css";
import { referencesOf } from "./references";

/** What a workflow calls and reads, each with the way to it. */
export function Names({ workflow }: { workflow: Workflow }) {
  const { overview: text } = useText(TEXTS);
  const { connections, cards, datastores, calendars, workflows } = referencesOf(
    workflow.workflow_steps,
    workflow.workflow_settings,
  );
  if ([connections, cards, datastores, calendars, workflows].every((each) => each.length === 0)) {
    return <p>{text.namesNothing}</p>;
  }
  return (
    <dl className={styles.names}>
      <Row name={text.connections} items={connections}>
        {(name) => (
          <Link to="/data/connections/$name" params={{ name }} preload={false}>
            {name}
          </Link>
        )}
      </Row>
      <Row name={text.datastores} items={datastores}>
        {(name) => (
          <Link to="/data/datastores/$name" params={{ name }} preload={false}>
            {name}
          </Link>
        )}
      </Row>
      <Row name={text.calendars} items={calendars}>
        {(name) => (
          <Link to="/data/calendars/$name" params={{ name }} preload={false}>
            {name}
          </Link>
        )}
      </Row>
      <Row name={text.workflows} items={workflows}>
        {(workflowId) => <WorkflowLink workflowId={workflowId} />}
      </Row>
      <Row name={text.cards} items={cards}>
        {(cardId) => <CardLink cardId={cardId} />}
      </Row>
    </dl>
  );
}

/** A workflow by its name; by its id as long as that is not known. */
function WorkflowLink({ workflowId }: { workflowId: string }) {
  const { data } = useQuery(workflowChoicesQuery(useApi()));
  return (
    <Link to="/workflows/$workflowId" params={{ workflowId }} preload={false}>
      {namesOf(data ?? []).get(workflowId) ?? workflowId}
    </Link>
  );
}

/** A card by its name; by its id as long as that is not known. */
function CardLink({ cardId }: { cardId: string }) {
  const { data } = useInfiniteQuery(cardsQuery(useApi(), { term: cardId }));
  const found = data?.pages[0]?.items.find(({ card_id: id }) => id === cardId);
  return (
    <Link to="/cards" search={{ term: cardId }} preload={false}>
      {found?.card_name ?? cardId}
    </Link>
  );
}

function Row({
  name,
  items,
  children,
}: {
  name: string;
  items: readonly string[];
  children: (item: string) => ReactNode;
}) {
  if (items.length === 0) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {items.map((item) => (
          <span key={item}>{children(item)}</span>
        ))}
      </dd>
    </div>
  );
}
