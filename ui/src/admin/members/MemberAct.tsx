/** One act on a member: asked first, done, and its link shown where it makes one. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Api } from "../../api/client";
import { useApi } from "../../api/context";
import type { MailState, Role } from "../../api/types";
import { Confirm } from "../../kit/Confirm";
import { useConfirmed } from "../../session/confirmed";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { MailNote } from "../MailNote";
import { OnceDialog } from "../OnceDialog";
import { ShownOnce } from "../ShownOnce";
import { TEXTS } from "../text";
import { type Member, nameOf } from "./member";

export type Act = { kind: "role"; role: Role } | { kind: "deactivate" | "activate" | "reset" | "resend" | "revoke" };

interface MemberActProps {
  member: Member;
  act: Act;
  onClose: () => void;
}

export function MemberAct({ member, act, onClose }: MemberActProps) {
  const { members: text } = useText(TEXTS);
  const api = useApi();
  const queries = useQueryClient();
  const confirmed = useConfirmed();
  const words = useWords(member, act);
  const perform = useMutation({
    mutationFn: () => confirmed(() => performAct(api, member, act)),
    onSuccess: async (made) => {
      await queries.invalidateQueries({ queryKey: ["members"] });
      if (made === null) onClose();
    },
  });
  if (perform.data) {
    const { link, mail, mail_reason } = perform.data;
    return (
      <OnceDialog title={text.resetTitle(nameOf(member))} hint={words.afterwards} onClose={onClose}>
        <ShownOnce text={link} label={text.copyLink(member.email)} />
        <MailNote mail={mail} reason={mail_reason} />
      </OnceDialog>
    );
  }
  return (
    <Confirm
      title={words.title}
      verb={words.verb}
      isDangerous={act.kind === "deactivate" || act.kind === "revoke"}
      isBusy={perform.isPending}
      error={perform.error}
      words={text.words}
      onConfirm={() => perform.mutate()}
      onClose={onClose}
    >
      {words.hint && <p>{words.hint}</p>}
    </Confirm>
  );
}

interface Made {
  link: string;
  mail: MailState;
  mail_reason: string | null;
}

/** Does an act, and returns the link that it makes with what became of its mail, null for an act that makes none. */
async function performAct(api: Api, member: Member, act: Act): Promise<Made | null> {
  const user_id = member.user_id ?? "";
  const invitation_id = member.invitation_id ?? "";
  switch (act.kind) {
    case "role":
      await api.call("changeMember", { user_id, role: act.role });
      return null;
    case "activate":
    case "deactivate":
      await api.call("changeMember", { user_id, status: act.kind === "activate" ? "ACTIVE" : "DEACTIVATED" });
      return null;
    case "reset":
      return api.call("createResetLink", { user_id });
    case "resend":
      return (await api.call("resendInvitation", { invitation_id })).items[0] ?? null;
    case "revoke":
      await api.call("revokeInvitation", { invitation_id });
      return null;
  }
}

interface Words {
  title: string;
  hint: string;
  verb: string;
  /** Above the link. */
  afterwards: string;
}

function useWords(member: Member, act: Act): Words {
  const { members: text } = useText(TEXTS);
  const shared = useText(SHARED);
  const name = nameOf(member);
  const none = { hint: "", afterwards: "" };
  switch (act.kind) {
    case "role": {
      const role = shared.roles(act.role);
      return { ...none, title: text.roleTitle(name, role), hint: text.roleHint, verb: text.makeRole(role) };
    }
    case "deactivate":
      return { ...none, title: text.deactivateTitle(name), hint: text.deactivateHint, verb: text.deactivate };
    case "activate":
      return { ...none, title: name, verb: text.activate };
    case "reset":
      return { ...none, title: text.resetTitle(name), verb: text.resetLink, afterwards: text.resetHint };
    case "resend":
      return { ...none, title: text.resetTitle(name), verb: text.resend, afterwards: text.linksHint };
    case "revoke":
      return { ...none, title: text.revokeTitle(member.email), hint: text.revokeHint, verb: text.revoke };
  }
}
