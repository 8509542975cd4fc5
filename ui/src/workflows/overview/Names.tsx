import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Workflow } from "../../api/queries/makers/workflows";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "./overview.module.css";
import { referencesOf } from "./references";

/** What a workflow calls and reads, each with the way to it. */
export function Names({ workflow }: { workflow: Workflow }) {
  const { overview: text } = useText(TEXTS);
  const { connections, cards, datastores, calendars, workflows } = referencesOf(workflow.workflow_steps);
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
        {(workflowId) => (
          <Link to="/workflows/$workflowId" params={{ workflowId }} preload={false}>
            {workflowId}
          </Link>
        )}
      </Row>
      <Row name={text.cards} items={cards}>
        {(card) => (
          <Link to="/cards" search={{ term: card }} preload={false}>
            {card}
          </Link>
        )}
      </Row>
    </dl>
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
