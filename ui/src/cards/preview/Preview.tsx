/** The card as its readers see it. The last good picture stays, grey, while the card has an error. */

import { Select } from "@fluentui/react-components";
import { useMemo, useState } from "react";
import { CardFrame } from "../../frame/CardFrame";
import type { FrameAction, FrameTheme } from "../../frame/messages";
import { Note } from "../../kit/Note";
import { Problem } from "../../kit/states/Problem";
import type { JsonObject } from "../../shared/http";
import { useText } from "../../text/language";
import { TEXTS } from "../designer/text";
import styles from "./Preview.module.css";
import { READERS, type Reader, VIEWS, type View } from "./picture";
import type { Picture } from "./use-picture";

interface PreviewProps {
  picture: Picture;
  subject: string;
  /** The addresses of the parts that are selected. */
  marked: readonly string[];
  /** A part of the picture was pressed. */
  onPart: (pointer: string) => void;
  /** The theme of the app, which the inbox has. */
  theme: FrameTheme;
}

export function Preview({ picture, subject, marked, onPart, theme }: PreviewProps) {
  const text = useText(TEXTS);
  const [view, setView] = useState<View>("teams-light");
  const [reader, setReader] = useState<Reader>("recipient");
  return (
    <section className={styles.preview} aria-label={text.preview}>
      <div className={styles.bar}>
        <Select
          aria-label={text.view}
          value={view}
          onChange={(_, { value }) => setView(VIEWS.find((each) => each === value) ?? view)}
        >
          {VIEWS.map((each) => (
            <option key={each} value={each}>
              {text.views[each]}
            </option>
          ))}
        </Select>
        <Select
          aria-label={text.reader}
          value={reader}
          onChange={(_, { value }) => setReader(READERS.find((each) => each === value) ?? reader)}
        >
          {READERS.map((each) => (
            <option key={each} value={each}>
              {text.readers[each]}
            </option>
          ))}
        </Select>
      </div>
      <State picture={picture} />
      <div className={styles.scroll}>
        {picture.card !== null && (
          <Drawn
            {...{ card: picture.card, isStale: !picture.isCurrent, view, reader, subject, marked, onPart, theme }}
          />
        )}
      </div>
    </section>
  );
}

/** Why the picture is not that of now. */
function State({ picture }: { picture: Picture }) {
  const text = useText(TEXTS);
  const { finding, error, tooMany, fuel } = picture;
  return (
    <div className={styles.state} aria-live="polite">
      {error !== null && <Problem error={error} shape="bar" />}
      {finding !== null && (
        <Note tone="warning">
          {text.noPicture} {finding.message}
          {finding.hint && ` ${finding.hint}`}
        </Note>
      )}
      {tooMany > 0 && <Note tone="warning">{text.tooManyParts}</Note>}
      {fuel !== null && fuel.used * 10 > fuel.limit && <p>{text.fuel(Math.round((fuel.used / fuel.limit) * 100))}</p>}
    </div>
  );
}

interface DrawnProps extends Omit<PreviewProps, "picture"> {
  card: JsonObject;
  isStale: boolean;
  view: View;
  reader: Reader;
}

function Drawn({ card, isStale, view, reader, subject, marked, onPart, theme }: DrawnProps) {
  const text = useText(TEXTS);
  const [sent, setSent] = useState<FrameAction | null>(null);
  const look = view.startsWith("teams") ? "teams" : "inbox";
  const designed = useMemo(() => ({ look, marked, onPart }) as const, [look, marked, onPart]);
  const isOpen = reader === "recipient";
  return (
    <div
      className={[styles.screen, view === "phone" && styles.phone, isStale && styles.stale].filter(Boolean).join(" ")}
      data-testid="picture"
    >
      {!isOpen && <Note tone={reader === "stopped" ? "warning" : "info"}>{text.readerNotes[reader]}</Note>}
      <CardFrame
        // Another look is another frame: it draws the card with other proportions.
        key={look}
        card={card}
        subject={subject}
        isOpen={isOpen}
        theme={themeOf(view, theme)}
        designed={designed}
        onAction={setSent}
        onButtons={ignore}
      />
      {sent !== null && isOpen && (
        <Note tone="info">
          {text.wouldSend(sent.title)} <code className={styles.sent}>{JSON.stringify(sent.data)}</code>
        </Note>
      )}
    </div>
  );
}

/** The card shows its own buttons here. */
function ignore(): void {}

function themeOf(view: View, theme: FrameTheme): FrameTheme {
  switch (view) {
    case "teams-light":
      return "light";
    case "teams-dark":
      return "dark";
    case "teams-contrast":
      return "contrast";
    case "inbox":
    case "phone":
      return theme;
  }
}
