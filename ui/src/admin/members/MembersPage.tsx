/** Members of the organization and people who are invited. */

import { Button } from "@fluentui/react-components";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context";
import { membersQuery } from "../../api/queries/admin/members";
import { Chip } from "../../kit/Chip";
import { type Column, DataTable } from "../../kit/DataTable";
import { Icon } from "../../kit/icons";
import { useLive } from "../../kit/live";
import { Pages } from "../../kit/Pages";
import { Empty } from "../../kit/states/Empty";
import { Guarded } from "../../session/Guarded";
import { useSession } from "../../session/session";
import { useCommands } from "../../shell/commands/commands";
import { TEXTS as SHELL } from "../../shell/text";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { Time, useTimes } from "../../text/time";
import styles from "../admin.module.css";
import { TEXTS } from "../text";
import { InviteDialog } from "./InviteDialog";
import { MemberActions } from "./MemberActions";
import { type Member, nameOf } from "./member";

export function MembersPage() {
  return (
    <Guarded permission="members">
      <Members />
    </Guarded>
  );
}

function Members() {
  const { members: text } = useText(TEXTS);
  const shell = useText(SHELL);
  const query = useInfiniteQuery(membersQuery(useApi()));
  useLive(query.refetch);
  const [isInviting, setIsInviting] = useState(false);
  const invite = (): void => setIsInviting(true);
  useCommands([{ id: "invite", text: text.invite, icon: "people", group: shell.groups.here, keys: "i", run: invite }]);
  const columns = useColumns();
  const button = (
    <Button appearance="primary" icon={<Icon name="plus" size={16} />} onClick={invite}>
      {text.invite}
    </Button>
  );
  return (
    <>
      <div className={styles.tools}>
        <span className={styles.grow} />
        {button}
      </div>
      <Pages query={query} empty={<Empty icon="people" title={text.empty} />}>
        {(items) => (
          <DataTable
            label={text.label}
            columns={columns}
            rows={items}
            keyOf={({ member_id }) => member_id}
            isDimmed={({ status }) => status === "DEACTIVATED"}
          />
        )}
      </Pages>
      {isInviting && <InviteDialog onClose={() => setIsInviting(false)} />}
    </>
  );
}

function useColumns(): Column<Member>[] {
  const { members: text } = useText(TEXTS);
  const shared = useText(SHARED);
  return [
    { id: "person", head: text.person, cell: (member) => <Person member={member} /> },
    { id: "role", head: text.role, cell: ({ role }) => shared.roles(role) },
    { id: "status", head: text.status, cell: (member) => <Status member={member} /> },
    {
      id: "seen",
      head: text.lastSeen,
      cell: ({ last_seen_on }) => (last_seen_on === null ? shared.never : <Time at={last_seen_on} />),
    },
    { id: "actions", head: "", isRight: true, cell: (member) => <MemberActions member={member} /> },
  ];
}

function Person({ member }: { member: Member }) {
  const { members: text } = useText(TEXTS);
  const { user } = useSession();
  const you = member.user_id === user.user_id ? ` (${text.you})` : "";
  return (
    <div className={styles.person}>
      <span>{`${nameOf(member)}${you}`}</span>
      {member.name !== "" && <small>{member.email}</small>}
    </div>
  );
}

function Status({ member }: { member: Member }) {
  const { members: text } = useText(TEXTS);
  const { now } = useTimes();
  const { status, expires_on, reset_requested_on } = member;
  if (status === "INVITED" && expires_on !== null && expires_on < now) {
    return <Chip tone="retry">{text.expired}</Chip>;
  }
  const tone = ({ ACTIVE: "done", INVITED: "waiting", DEACTIVATED: "skipped" } as const)[status];
  return (
    <span className={styles.chips}>
      <Chip tone={tone}>{text.statuses(status)}</Chip>
      {reset_requested_on !== null && (
        <Chip tone="retry" icon="key">
          {text.asksForReset}
        </Chip>
      )}
    </span>
  );
}
