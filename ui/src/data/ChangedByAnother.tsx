import { Button } from "@fluentui/react-components";
import { useState } from "react";
import type { Datastore } from "../api/queries/data/data";
import { writeJson } from "../kit/json/json-text";
import { SideBySide } from "../kit/json/SideBySide";
import { Note } from "../kit/Note";
import { useText } from "../text/language";
import { useTimes } from "../text/time";
import styles from "./data.module.css";
import { TEXTS } from "./text";

/** Another has stored a revision in between: what differs, and the way to store the own one over it. */
export function ChangedByAnother({ theirs, mine, onAccept }: ChangedByAnotherProps) {
  const { datastores: text } = useText(TEXTS);
  const { formats } = useTimes();
  const [isShown, setIsShown] = useState(false);
  return (
    <>
      <Note tone="warning">
        <p>{text.changed(formats.number(theirs.revision), theirs.modified_by_name ?? "")}</p>
        <div className={styles.buttons}>
          <Button size="small" aria-expanded={isShown} onClick={() => setIsShown(!isShown)}>
            {text.showTheirs}
          </Button>
          <Button size="small" onClick={onAccept}>
            {text.overwrite(formats.number(theirs.revision))}
          </Button>
        </div>
      </Note>
      {isShown && (
        <SideBySide
          label={text.differences}
          before={writeJson(theirs.value)}
          after={mine}
          names={[text.theirs(formats.number(theirs.revision)), text.mine]}
        />
      )}
    </>
  );
}

interface ChangedByAnotherProps {
  theirs: Datastore;
  /** The own document as text. */
  mine: string;
  /** Takes their revision as the one that the own document replaces. */
  onAccept: () => void;
}
