/** Two versions of a workflow: on one graph, as a list of changes by step, and as text side by side. */

import { Field, Select } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../../api/context";
import { differenceQuery, type Workflow, workflowQuery } from "../../api/queries/workflows/workflows";
import { Answer } from "../../kit/Answer";
import { Note } from "../../kit/Note";
import { useIsPhone } from "../../kit/theme";
import { GuardedButton } from "../../session/Guarded";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import { useVersions, useWorkflowId, type Versions } from "../versions";
import styles from "../workflows.module.css";
import { type CompareSearch, WAYS, type Way } from "./address";
import own from "./compare.module.css";
import { Differences } from "./Differences";
import { RestoreDialog } from "./RestoreDialog";

export function ComparePage() {
  const versions = useVersions();
  return versions === null ? null : <Compare versions={versions} />;
}

function Compare({ versions }: { versions: Versions }) {
  const { compare: text } = useText(TEXTS);
  const workflowId = useWorkflowId();
  const search = useSearch({ from: "/shell/workflows/$workflowId/compare" });
  const isPhone = useIsPhone();
  const { a, b } = sidesOf(search, versions);
  const show = search.show ?? (isPhone ? "list" : "graph");
  const [isRestoring, setIsRestoring] = useState(false);
  if (versions.all.length < 2 && search.a === undefined) return <Note tone="info">{text.onlyOne}</Note>;
  return (
    <>
      <div className={styles.tools}>
        <VersionField side="a" label={text.from} value={a} versions={versions} search={search} />
        <VersionField side="b" label={text.to} value={b} versions={versions} search={search} />
        <Ways show={show} search={search} />
        <span className={styles.search} />
        <GuardedButton permission="edit.drafts" onClick={() => setIsRestoring(true)}>
          {text.restore(a)}
        </GuardedButton>
      </div>
      {a === b ? <Note tone="info">{text.same}</Note> : <Sides workflowId={workflowId} a={a} b={b} show={show} />}
      {isRestoring && <RestoreDialog workflowId={workflowId} version={a} onClose={() => setIsRestoring(false)} />}
    </>
  );
}

function sidesOf({ a, b }: CompareSearch, { active, newest, all }: Versions): { a: number; b: number } {
  const to = b ?? newest.version;
  const before = all.find(({ version }) => version < to)?.version ?? to;
  const known = active !== null && active.version < to ? active.version : before;
  return { a: a ?? known, b: to };
}

interface VersionFieldProps {
  side: "a" | "b";
  label: string;
  value: number;
  versions: Versions;
  search: CompareSearch;
}

function VersionField({ side, label, value, versions, search }: VersionFieldProps) {
  const { compare: text, overview } = useText(TEXTS);
  const navigate = useNavigate();
  const workflowId = useWorkflowId();
  const known = versions.all.map(({ version, status }) => ({ version, status }));
  const choose = (version: number): void =>
    void navigate({
      to: "/workflows/$workflowId/compare",
      params: { workflowId },
      search: { ...search, [side]: version },
      replace: true,
    });
  return (
    <Field label={label} orientation="horizontal" className={own.version}>
      <Select value={String(value)} onChange={(_, { value: chosen }) => choose(Number(chosen))}>
        {!known.some(({ version }) => version === value) && <option value={value}>{text.version(value)}</option>}
        {known.map(({ version, status }) => (
          <option key={version} value={version}>
            {`${text.version(version)} · ${overview.states[status]}`}
          </option>
        ))}
      </Select>
    </Field>
  );
}

function Ways({ show, search }: { show: Way; search: CompareSearch }) {
  const { compare: text } = useText(TEXTS);
  const navigate = useNavigate();
  const workflowId = useWorkflowId();
  return (
    // biome-ignore lint/a11y/useSemanticElements: buttons of one choice, not fields of a form
    <span role="group" aria-label={text.ways} className={styles.buttons}>
      {WAYS.map((way) => (
        <button
          key={way}
          type="button"
          className={styles.choice}
          aria-pressed={way === show}
          onClick={() =>
            void navigate({
              to: "/workflows/$workflowId/compare",
              params: { workflowId },
              search: { ...search, show: way },
              replace: true,
            })
          }
        >
          {text.wayNames[way]}
        </button>
      ))}
    </span>
  );
}

function Sides({ workflowId, a, b, show }: { workflowId: string; a: number; b: number; show: Way }) {
  const { codes } = useText(TEXTS);
  const api = useApi();
  const before = useQuery(workflowQuery(api, workflowId, a));
  const after = useQuery(workflowQuery(api, workflowId, b));
  const difference = useQuery(differenceQuery(api, workflowId, a, b));
  return (
    <Answer query={difference} words={codes} rows={6}>
      {({ changes, count }) => (
        <Answer query={before} words={codes} rows={6}>
          {({ item: old }: { item: Workflow }) => (
            <Answer query={after} words={codes} rows={6}>
              {({ item: young }: { item: Workflow }) => (
                <Differences before={old} after={young} changes={changes} count={count} show={show} />
              )}
            </Answer>
          )}
        </Answer>
      )}
    </Answer>
  );
}
