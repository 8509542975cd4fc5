/** A definition of a file or of the clipboard: judged in the browser first, in clear words. */

import { Button, Field, Radio, RadioGroup, Textarea } from "@fluentui/react-components";
import { useDeferredValue, useMemo, useState } from "react";
import { TEXTS as JSON_TEXTS } from "../../kit/json/text";
import { Note } from "../../kit/Note";
import { Section } from "../../kit/Page";
import { Problem } from "../../kit/states/Problem";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "./creation.module.css";
import { FileDrop } from "./FileDrop";
import { type Definition, LARGEST_BYTES, megabytesOf, readDefinition, withoutIdentity } from "./read-definition";
import { useCreate, useImport } from "./use-create";

/** A longer text is not put into the field, which would make each key slow; it is imported all the same. */
const LONGEST_SHOWN = 1024 * 1024;

export function Import() {
  const { creation: text } = useText(TEXTS);
  const [source, setSource] = useState("");
  const [large, setLarge] = useState<number | null>(null);
  const [isUnread, setIsUnread] = useState(false);
  const later = useDeferredValue(source);
  const read = useMemo(
    (): Definition => (large === null ? readDefinition(later) : { kind: "large", megabytes: megabytesOf(large) }),
    [later, large],
  );
  const takeText = (next: string): void => {
    const isLarge = next.length > LARGEST_BYTES;
    setLarge(isLarge ? next.length : null);
    setSource(isLarge ? "" : next);
  };
  const takeFile = async (file: File): Promise<void> => {
    setIsUnread(false);
    if (file.size > LARGEST_BYTES) {
      setLarge(file.size);
      setSource("");
      return;
    }
    try {
      takeText(await file.text());
    } catch {
      // It was moved or locked after it was chosen; what is in the field stays.
      setIsUnread(true);
    }
  };
  const isShown = source.length <= LONGEST_SHOWN;
  return (
    <Section title={text.import} hint={text.importHint}>
      <div className={styles.import}>
        <FileDrop onFile={(file) => void takeFile(file)} />
        {isUnread && <Note tone="warning">{text.unread}</Note>}
        <Field label={text.paste}>
          <Textarea
            value={isShown ? source : ""}
            placeholder={isShown ? undefined : text.longText}
            textarea={{ className: styles.text ?? "", rows: 8, spellCheck: false }}
            onChange={(_, { value }) => takeText(value)}
          />
        </Field>
        <Judgement read={read} />
        {read.kind === "definition" && <Found key={`${read.name} ${read.workflowId}`} read={read} />}
      </div>
    </Section>
  );
}

/** What the text is, when it is no definition. */
function Judgement({ read }: { read: Definition }) {
  const { creation: text } = useText(TEXTS);
  const json = useText(JSON_TEXTS);
  switch (read.kind) {
    case "empty":
    case "definition":
      return null;
    case "large":
      return <Note tone="warning">{text.tooLarge(read.megabytes)}</Note>;
    case "markup":
      return <Note tone="warning">{text.markup}</Note>;
    case "steps":
      return <Note tone="warning">{text.steps}</Note>;
    case "broken": {
      const { kind, line, column, near } = read.fault;
      return <Note tone="warning">{`${text.broken} ${json.fault(kind, line, column, near)}.`}</Note>;
    }
    case "foreign":
      return <Note tone="warning">{text.foreign(read.product)}</Note>;
  }
}

function Found({ read }: { read: Extract<Definition, { kind: "definition" }> }) {
  const { creation: text, codes } = useText(TEXTS);
  const [isNew, setIsNew] = useState(true);
  const create = useCreate();
  const take = useImport();
  const error = create.error ?? take.error;
  const submit = (): void => {
    create.reset();
    take.reset();
    if (isNew || read.workflowId === null) {
      create.mutate({ definition: withoutIdentity(read.definition), incomplete: true });
    } else take.mutate(read.definition);
  };
  return (
    <>
      <Note tone="done">{text.found(read.name, read.steps)}</Note>
      {read.workflowId !== null && (
        <Field label={text.storeAs}>
          <RadioGroup
            value={isNew ? "new" : "draft"}
            onChange={(_, { value }) => setIsNew(value === "new")}
            layout="vertical"
          >
            <Radio value="new" label={text.asNew} />
            <Radio value="draft" label={text.asDraft} />
          </RadioGroup>
        </Field>
      )}
      {error !== null && <Problem error={error} words={codes} shape="bar" />}
      <div>
        <Button appearance="primary" disabled={create.isPending || take.isPending} onClick={submit}>
          {text.importVerb}
        </Button>
      </div>
    </>
  );
}
