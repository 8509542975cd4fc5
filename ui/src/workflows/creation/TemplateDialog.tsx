import { Field, Input, Select } from "@fluentui/react-components";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../../api/context";
import { connectionsQuery } from "../../api/queries/data/data";
import type { Template } from "../../api/queries/workflows/workflows";
import { Confirm } from "../../kit/Confirm";
import { Note } from "../../kit/Note";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import { useCreate } from "./use-create";

type Need = Template["needs"][number];

/** A workflow of a template, with its cards. A connection that is missing may be made later; activation needs it. */
export function TemplateDialog({ template, onClose }: { template: Template; onClose: () => void }) {
  const { creation: text, codes } = useText(TEXTS);
  const [name, setName] = useState(template.title);
  const [chosen, setChosen] = useState<Readonly<Record<string, string>>>({});
  const create = useCreate();
  const submit = (): void => {
    const connections = Object.fromEntries(Object.entries(chosen).filter(([, each]) => each !== ""));
    create.mutate({ template: template.id, workflow_name: name.trim(), connections });
  };
  return (
    <Confirm
      title={template.title}
      verb={text.create}
      isBusy={create.isPending || name.trim() === ""}
      error={create.error}
      words={codes}
      onConfirm={submit}
      onClose={onClose}
    >
      <p>{template.summary}</p>
      <Field label={text.name} required>
        <Input value={name} maxLength={200} onChange={(_, { value }) => setName(value)} />
      </Field>
      {template.needs.map((need) => (
        <NeedField
          key={need.name}
          need={need}
          value={chosen[need.name] ?? ""}
          onChange={(value) => setChosen({ ...chosen, [need.name]: value })}
        />
      ))}
    </Confirm>
  );
}

function NeedField({ need, value, onChange }: { need: Need; value: string; onChange: (name: string) => void }) {
  const { creation: text } = useText(TEXTS);
  const query = useInfiniteQuery(connectionsQuery(useApi()));
  const all = query.data?.pages.flatMap(({ items }) => items);
  const fitting = (all ?? []).filter(({ kind }) => kind === need.kind).map(({ name }) => name);
  const isMissing = all !== undefined && value === "" && !fitting.includes(need.name);
  return (
    <>
      <Field label={text.connection(need.kind)} hint={text.connectionHint(need.name)}>
        <Select value={value} onChange={(_, { value: name }) => onChange(name)}>
          <option value="">{text.asNamed(need.name)}</option>
          {fitting
            .filter((name) => name !== need.name)
            .map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
        </Select>
      </Field>
      {isMissing && (
        <Note tone="info">
          {text.missing(need.name)} <Link to="/data/new-connection">{text.makeConnection}</Link>
        </Note>
      )}
    </>
  );
}
