import { Field, Select, Textarea } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context";
import type { Role } from "../../api/types";
import { Confirm } from "../../kit/Confirm";
import { useConfirmed } from "../../session/confirmed";
import { useMay } from "../../session/session";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import styles from "../admin.module.css";
import { MailNote } from "../MailNote";
import { OnceDialog } from "../OnceDialog";
import { ROLES } from "../roles";
import { ShownOnce } from "../ShownOnce";
import { TEXTS } from "../text";
import { addressesIn } from "./member";

/** Invites several people with one role, and shows their links. */
export function InviteDialog({ onClose }: { onClose: () => void }) {
  const { members: text } = useText(TEXTS);
  const api = useApi();
  const queries = useQueryClient();
  const confirmed = useConfirmed();
  const [typed, setTyped] = useState("");
  const [role, setRole] = useState<Role>("approver");
  const emails = addressesIn(typed);
  const invite = useMutation({
    mutationFn: () =>
      confirmed(() => api.call("inviteMembers", { invitations: emails.map((email) => ({ email, role })) })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["members"] }),
  });
  if (invite.data) {
    return (
      <OnceDialog title={text.linksTitle} hint={text.linksHint} onClose={onClose}>
        <ul className={styles.links}>
          {invite.data.items.map(({ email, link, mail, mail_reason }) => (
            <li key={email}>
              <span>{email}</span>
              <ShownOnce text={link} label={text.copyLink(email)} />
              <MailNote mail={mail} reason={mail_reason} />
            </li>
          ))}
        </ul>
      </OnceDialog>
    );
  }
  return (
    <Confirm
      title={text.inviteTitle}
      verb={text.inviteVerb(emails.length)}
      isBusy={invite.isPending || emails.length === 0}
      error={invite.error}
      words={text.words}
      onConfirm={() => invite.mutate()}
      onClose={onClose}
    >
      <Field label={text.addresses} hint={text.inviteHint} required>
        <Textarea rows={4} value={typed} onChange={(_, { value }) => setTyped(value)} />
      </Field>
      <RoleField role={role} onChange={setRole} />
    </Confirm>
  );
}

function RoleField({ role, onChange }: { role: Role; onChange: (role: Role) => void }) {
  const { members: text } = useText(TEXTS);
  const shared = useText(SHARED);
  const mayMakeOwners = useMay("organization");
  return (
    <Field label={text.role}>
      <Select value={role} onChange={(_, { value }) => onChange(ROLES.find((each) => each === value) ?? "approver")}>
        {ROLES.filter((each) => each !== "owner" || mayMakeOwners).map((each) => (
          <option key={each} value={each}>
            {shared.roles(each)}
          </option>
        ))}
      </Select>
    </Field>
  );
}
