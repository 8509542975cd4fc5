/** What a choice needs to know. */

import { Field, Input, Select, Textarea } from "@fluentui/react-components";
import type { Outline } from "../../graph/outline";
import { START } from "../../graph/outline";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import { branchesOf, type Choice, type Draft, type Missing } from "./choices";
import styles from "./Repair.module.css";

interface FieldsProps {
  choice: Choice;
  draft: Draft;
  onDraft: (some: Partial<Draft>) => void;
  outline: Outline;
  step: string | null;
  missing: Missing | null;
}

export function Fields({ choice, draft, onDraft, outline, step, missing }: FieldsProps) {
  const text = useText(TEXTS).repairs;
  const branches = choice === "complete" || choice === "skip" ? branchesOf(outline, step) : [];
  const isWrong = (name: "document" | "output"): boolean => missing === name && draft[name].trim() !== "";
  const wrong = (name: "document" | "output") =>
    isWrong(name) ? { validationState: "error" as const, validationMessage: text.noJson } : {};
  return (
    <>
      {choice === "correct" && (
        <Field label={text.document} hint={text.documentHint} {...wrong("document")}>
          <Textarea
            className={styles.code}
            rows={4}
            value={draft.document}
            placeholder={`{"payload": {"output": {"po": "4500000102"}}}`}
            onChange={(_, { value }) => onDraft({ document: value })}
          />
        </Field>
      )}
      {choice === "complete" && (
        <Field label={text.output} hint={text.outputHint} {...wrong("output")}>
          <Textarea
            className={styles.code}
            rows={3}
            value={draft.output}
            placeholder={`{"status": "200"}`}
            onChange={(_, { value }) => onDraft({ output: value })}
          />
        </Field>
      )}
      {branches.length > 0 && (
        <Field label={text.branch}>
          <Select value={draft.branch} onChange={(_, { value }) => onDraft({ branch: value })}>
            <option value="">{text.choose}</option>
            {branches.map((branch) => (
              <option key={branch}>{branch}</option>
            ))}
          </Select>
        </Field>
      )}
      {choice === "move" && (
        <Field label={text.to}>
          <Select value={draft.to} onChange={(_, { value }) => onDraft({ to: value })}>
            <option value="">{text.choose}</option>
            {[...outline.steps.values()]
              .filter(({ id }) => id !== START)
              .map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
          </Select>
        </Field>
      )}
      {choice === "version" && (
        <Field label={text.version} hint={text.versionHint}>
          <Input value={draft.version} onChange={(_, { value }) => onDraft({ version: value })} />
        </Field>
      )}
    </>
  );
}
