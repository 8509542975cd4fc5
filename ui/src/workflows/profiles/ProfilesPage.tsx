/** The environment profiles of a workflow: values that steps read, such as one set for tests and one for production. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context";
import { type Profile, profilesQuery, WORKFLOWS } from "../../api/queries/workflows/workflows";
import { Answer } from "../../kit/Answer";
import { Chip } from "../../kit/Chip";
import { type Column, DataTable } from "../../kit/DataTable";
import { Icon } from "../../kit/icons";
import { Empty } from "../../kit/states/Empty";
import { Problem } from "../../kit/states/Problem";
import { GuardedButton } from "../../session/Guarded";
import { useText } from "../../text/language";
import { Time } from "../../text/time";
import { TEXTS } from "../text";
import { useWorkflowId } from "../versions";
import styles from "../workflows.module.css";
import { freeName } from "./checks";
import { DeleteProfileDialog } from "./DeleteProfileDialog";
import { ProfileDialog } from "./ProfileDialog";

type Open = { act: "create" } | { act: "edit" | "duplicate" | "delete"; profile: Profile };

export function ProfilesPage() {
  const { profiles: text, codes } = useText(TEXTS);
  const workflowId = useWorkflowId();
  const query = useQuery(profilesQuery(useApi(), workflowId));
  const [open, setOpen] = useState<Open | null>(null);
  const makeDefault = useMakeDefault(workflowId);
  const columns = useColumns(setOpen, makeDefault.mutate);
  const close = (): void => setOpen(null);
  return (
    <>
      <div className={styles.tools}>
        <p className={styles.search}>{text.hint}</p>
        <GuardedButton
          permission="edit.profiles"
          appearance="primary"
          icon={<Icon name="plus" size={16} />}
          onClick={() => setOpen({ act: "create" })}
        >
          {text.create}
        </GuardedButton>
      </div>
      {makeDefault.error !== null && <Problem error={makeDefault.error} words={codes} shape="bar" />}
      <Answer query={query} words={codes}>
        {({ items }) => (
          <>
            {items.length === 0 ? (
              <Empty icon="table" title={text.empty}>
                {text.emptyHint}
              </Empty>
            ) : (
              <DataTable label={text.label} columns={columns} rows={items} keyOf={({ name }) => name} />
            )}
            {open !== null && <Opened open={open} names={items.map(({ name }) => name)} onClose={close} />}
          </>
        )}
      </Answer>
    </>
  );
}

function Opened({ open, names, onClose }: { open: Open; names: readonly string[]; onClose: () => void }) {
  const { profiles: text } = useText(TEXTS);
  const workflowId = useWorkflowId();
  switch (open.act) {
    case "create":
      return <ProfileDialog workflowId={workflowId} title={text.createTitle} name="" values={{}} onClose={onClose} />;
    case "duplicate":
      return (
        <ProfileDialog
          workflowId={workflowId}
          title={text.duplicateTitle(open.profile.name)}
          name={freeName(open.profile.name, names)}
          values={open.profile.values}
          onClose={onClose}
        />
      );
    case "edit":
      return (
        <ProfileDialog
          workflowId={workflowId}
          title={text.editTitle(open.profile.name)}
          name={open.profile.name}
          values={open.profile.values}
          stored={open.profile}
          onClose={onClose}
        />
      );
    case "delete":
      return <DeleteProfileDialog workflowId={workflowId} profile={open.profile} onClose={onClose} />;
  }
}

function useMakeDefault(workflowId: string) {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => api.call("setDefaultProfile", { workflow_id: workflowId, name }),
    onSettled: () => queries.invalidateQueries({ queryKey: WORKFLOWS }),
  });
}

function useColumns(onOpen: (open: Open) => void, onDefault: (name: string) => void): Column<Profile>[] {
  const { profiles: text, list } = useText(TEXTS);
  return [
    {
      id: "name",
      head: text.name,
      cell: ({ name, is_default: isDefault }) => (
        <span className={styles.chips}>
          {name}
          {isDefault && (
            <Chip tone="done" icon="check">
              {text.default}
            </Chip>
          )}
        </span>
      ),
    },
    {
      id: "values",
      head: text.values,
      isCut: true,
      cell: ({ values }) => <span className={styles.mono}>{Object.keys(values).join(", ")}</span>,
    },
    {
      id: "modified",
      head: list.modified,
      cell: ({ modified_on, modified_by_name }) => (
        <span className={styles.cell}>
          <Time at={modified_on} />
          {modified_by_name && <small>{modified_by_name}</small>}
        </span>
      ),
    },
    {
      id: "act",
      head: "",
      isRight: true,
      cell: (profile) => <Acts profile={profile} onOpen={onOpen} onDefault={onDefault} />,
    },
  ];
}

interface ActsProps {
  profile: Profile;
  onOpen: (open: Open) => void;
  onDefault: (name: string) => void;
}

function Acts({ profile, onOpen, onDefault }: ActsProps) {
  const { profiles: text } = useText(TEXTS);
  const { name, is_default: isDefault } = profile;
  const acts = [
    { id: "edit", text: text.edit, run: () => onOpen({ act: "edit", profile }) },
    { id: "duplicate", text: text.duplicate, run: () => onOpen({ act: "duplicate", profile }) },
    ...(isDefault ? [] : [{ id: "default", text: text.makeDefault, run: () => onDefault(name) }]),
    { id: "delete", text: text.delete, run: () => onOpen({ act: "delete", profile }) },
  ];
  return (
    <span className={styles.buttons}>
      {acts.map((act) => (
        <GuardedButton
          key={act.id}
          permission="edit.profiles"
          size="small"
          aria-label={`${act.text}: ${name}`}
          onClick={act.run}
        >
          {act.text}
        </GuardedButton>
      ))}
    </span>
  );
}
