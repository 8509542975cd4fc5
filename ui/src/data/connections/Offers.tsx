/** What the system of a connection offers. It is asked when a person wishes, since it is a call of the system. */

import { SearchBox } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useApi } from "../../api/context";
import { offersQuery } from "../../api/queries/data/data";
import { Answer } from "../../kit/Answer";
import { type Column, DataTable } from "../../kit/DataTable";
import { JsonTree } from "../../kit/JsonTree";
import { Section } from "../../kit/Page";
import { GuardedButton } from "../../session/Guarded";
import { useText } from "../../text/language";
import styles from "../data.module.css";
import { TEXTS } from "../text";
import { findServices, type OfferedService, servicesOf } from "./offers";

/** More are not drawn; the search finds the others. */
const MOST_SHOWN = 100;

export function Offers({ name }: { name: string }) {
  const { connections: text } = useText(TEXTS);
  const [isAsked, setIsAsked] = useState(false);
  const [service, setService] = useState<string | null>(null);
  return (
    <Section
      title={text.offers}
      hint={text.offersHint}
      action={
        <GuardedButton permission="edit.drafts" disabled={isAsked} onClick={() => setIsAsked(true)}>
          {text.ask}
        </GuardedButton>
      }
    >
      {isAsked && <Services name={name} onChoose={setService} />}
      {service !== null && <Outline key={service} name={name} service={service} />}
    </Section>
  );
}

function Services({ name, onChoose }: { name: string; onChoose: (path: string) => void }) {
  const { connections: text, codes } = useText(TEXTS);
  const query = useQuery(offersQuery(useApi(), name, ""));
  const [typed, setTyped] = useState("");
  const services = useMemo(() => servicesOf(query.data?.item), [query.data]);
  const found = useMemo(() => findServices(services, typed), [services, typed]);
  const columns = useColumns(onChoose);
  return (
    <Answer query={query} words={codes}>
      {() => (
        <>
          <SearchBox
            aria-label={text.searchServices}
            placeholder={text.searchServices}
            value={typed}
            onChange={(_, { value }) => setTyped(value)}
          />
          <p role="status">{text.serviceCount(Math.min(found.length, MOST_SHOWN), found.length)}</p>
          {found.length > 0 && (
            <DataTable
              label={text.services}
              columns={columns}
              rows={found.slice(0, MOST_SHOWN)}
              keyOf={({ path, version }) => `${path} ${version}`}
            />
          )}
        </>
      )}
    </Answer>
  );
}

function useColumns(onChoose: (path: string) => void): Column<OfferedService>[] {
  const { connections: text } = useText(TEXTS);
  return [
    {
      id: "name",
      head: text.service,
      cell: ({ name, title }) => (
        <span className={styles.cell}>
          {name}
          {title !== "" && <small>{title}</small>}
        </span>
      ),
    },
    { id: "path", head: text.servicePath, cell: ({ path }) => <span className={styles.mono}>{path}</span> },
    { id: "version", head: text.serviceVersion, isRight: true, cell: ({ version }) => version },
    {
      id: "act",
      head: "",
      isRight: true,
      cell: ({ path, name }) => (
        <GuardedButton
          permission="edit.drafts"
          size="small"
          aria-label={text.outlineOf(name)}
          onClick={() => onChoose(path)}
        >
          {text.outline}
        </GuardedButton>
      ),
    },
  ];
}

/** The entities and operations of one service. */
function Outline({ name, service }: { name: string; service: string }) {
  const { connections: text, codes } = useText(TEXTS);
  const query = useQuery(offersQuery(useApi(), name, service));
  return (
    <section aria-label={text.outlineOf(service)}>
      <h3>{service}</h3>
      <Answer query={query} words={codes}>
        {({ item }) => <JsonTree label={text.outlineOf(service)} value={item} />}
      </Answer>
    </section>
  );
}
