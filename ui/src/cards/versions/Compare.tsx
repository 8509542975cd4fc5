/** Two versions beside each other: both pictures on the same data, and what differs. */

import { Select } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useMemo } from "react";
import { useApi } from "../../api/context";
import { type CardVersion, cardQuery, versionsQuery } from "../../api/queries/cards/cards";
import { CardFrame } from "../../frame/CardFrame";
import type { FrameTheme } from "../../frame/messages";
import { Answer } from "../../kit/Answer";
import type { JsonObject } from "../../shared/http";
import { useText } from "../../text/language";
import { CARD_ROUTE, type CardSearch } from "../designer/address";
import { TEXTS } from "../designer/text";
import { ELEMENT_TEXTS, nameOf, wordsOf } from "../elements/text";
import { usePicture } from "../preview/use-picture";
import styles from "./Compare.module.css";
import { changesBetween, type PartChange } from "./tree-diff";

interface CompareProps {
  card: CardVersion;
  /** The card as it is on the screen, with what is not saved yet. */
  document: JsonObject;
  data: unknown;
  theme: FrameTheme;
  search: CardSearch;
}

export function Compare({ card, document, data, theme, search }: CompareProps) {
  const text = useText(TEXTS);
  const params = useParams({ from: CARD_ROUTE });
  const navigate = useNavigate();
  const api = useApi();
  const { data: versions = [] } = useQuery(versionsQuery(api, card.card_id));
  const others = versions.filter(({ version }) => version !== card.card_version);
  const older = others.find(({ version }) => version < card.card_version) ?? others[0];
  const chosen = search.with ?? older?.version;
  if (chosen === undefined) return <p className={styles.none}>{text.noOtherVersion}</p>;
  return (
    <section className={styles.compare} aria-label={text.paneNames.compare}>
      <Select
        aria-label={text.compareWith}
        value={String(chosen)}
        onChange={(_, { value }) =>
          void navigate({ to: "/cards/$cardId/v/$version", params, search: { ...search, with: Number(value) } })
        }
      >
        {others.map(({ version, status }) => (
          <option key={version} value={version}>
            {text.versionOf(version, status === "ACTIVE")}
          </option>
        ))}
      </Select>
      <Other {...{ card, document, data, theme }} version={chosen} />
    </section>
  );
}

function Other({ card, version, document, data, theme }: Omit<CompareProps, "search"> & { version: number }) {
  const text = useText(TEXTS);
  const query = useQuery(cardQuery(useApi(), card.card_id, version));
  return (
    <Answer query={query} rows={6}>
      {({ item }) => (
        <>
          <div className={styles.pictures}>
            <Side
              title={text.versionOf(version, item.status === "ACTIVE")}
              card={item.card_payload}
              {...{ data, theme }}
            />
            <Side title={text.thisVersion(card.card_version)} card={document} {...{ data, theme }} />
          </div>
          <Changes older={item.card_payload} newer={document} />
        </>
      )}
    </Answer>
  );
}

function Side({ title, card, data, theme }: { title: string; card: JsonObject; data: unknown; theme: FrameTheme }) {
  const text = useText(TEXTS);
  const picture = usePicture(card, data);
  const designed = useMemo(() => ({ look: "teams", marked: [], onPart: ignore }) as const, []);
  return (
    <figure className={styles.side}>
      <figcaption>{title}</figcaption>
      {picture.card === null ? (
        <p className={styles.none}>{picture.finding?.message ?? text.drawing}</p>
      ) : (
        <CardFrame
          card={picture.card}
          subject={title}
          isOpen
          theme={theme}
          designed={designed}
          onAction={ignore}
          onButtons={ignore}
        />
      )}
    </figure>
  );
}

function ignore(): void {}

function Changes({ older, newer }: { older: JsonObject; newer: JsonObject }) {
  const text = useText(TEXTS);
  const changes = useMemo(() => changesBetween(older, newer), [older, newer]);
  if (changes.length === 0) return <p>{text.noChanges}</p>;
  return (
    <ul className={styles.changes} aria-label={text.changes}>
      {changes.map((change) => (
        <ChangeRow key={`${change.kind} ${change.pointer}`} change={change} />
      ))}
    </ul>
  );
}

const SIGNS = { added: "+", removed: "−", changed: "≠" } as const;

function ChangeRow({ change }: { change: PartChange }) {
  const text = useText(TEXTS);
  const words = useText(ELEMENT_TEXTS);
  const { kind, type, title, properties } = change;
  return (
    <li className={styles[kind]}>
      <span aria-hidden="true">{SIGNS[kind]}</span> <b>{text.changeKinds[kind]}</b> {nameOf(words, type)} {title}
      {properties.length > 0 && `: ${properties.map((name) => wordsOf(words, type, name).label).join(", ")}`}
    </li>
  );
}
