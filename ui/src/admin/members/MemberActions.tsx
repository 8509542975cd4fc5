/** What can be done about one member or invitation. Each act names its effect before it is done. */

import { Button, Menu, MenuDivider, MenuItem, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import { useState } from "react";
import type { Role } from "../../api/types";
import { Icon } from "../../kit/icons";
import { useMay } from "../../session/session";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { ROLES } from "../roles";
import { TEXTS } from "../text";
import { type Act, MemberAct } from "./MemberAct";
import { type Member, nameOf } from "./member";

export function MemberActions({ member }: { member: Member }) {
  const { members: text } = useText(TEXTS);
  const [act, setAct] = useState<Act | null>(null);
  const mayMakeOwners = useMay("organization");
  // Administrators change no owners; the server refuses it too.
  if (member.role === "owner" && !mayMakeOwners) return null;
  return (
    <>
      <Menu>
        <MenuTrigger disableButtonEnhancement>
          <Button appearance="subtle" icon={<Icon name="more" />} aria-label={text.actionsOf(nameOf(member))} />
        </MenuTrigger>
        <MenuPopover>
          <MenuList>
            {member.status === "INVITED" ? (
              <OfInvitation onAct={setAct} />
            ) : (
              <OfMember member={member} onAct={setAct} />
            )}
          </MenuList>
        </MenuPopover>
      </Menu>
      {act !== null && <MemberAct member={member} act={act} onClose={() => setAct(null)} />}
    </>
  );
}

function OfInvitation({ onAct }: { onAct: (act: Act) => void }) {
  const { members: text } = useText(TEXTS);
  return (
    <>
      <MenuItem icon={<Icon name="link" />} onClick={() => onAct({ kind: "resend" })}>
        {text.resend}
      </MenuItem>
      <MenuItem icon={<Icon name="close" />} onClick={() => onAct({ kind: "revoke" })}>
        {text.revoke}
      </MenuItem>
    </>
  );
}

function OfMember({ member, onAct }: { member: Member; onAct: (act: Act) => void }) {
  const { members: text } = useText(TEXTS);
  const shared = useText(SHARED);
  const mayMakeOwners = useMay("organization");
  const roles: readonly Role[] = ROLES.filter((role) => role !== member.role && (role !== "owner" || mayMakeOwners));
  if (member.status === "DEACTIVATED") {
    return (
      <MenuItem icon={<Icon name="play" />} onClick={() => onAct({ kind: "activate" })}>
        {text.activate}
      </MenuItem>
    );
  }
  return (
    <>
      {roles.map((role) => (
        <MenuItem key={role} onClick={() => onAct({ kind: "role", role })}>
          {text.makeRole(shared.roles(role))}
        </MenuItem>
      ))}
      <MenuDivider />
      <MenuItem icon={<Icon name="key" />} onClick={() => onAct({ kind: "reset" })}>
        {text.resetLink}
      </MenuItem>
      <MenuItem icon={<Icon name="close" />} onClick={() => onAct({ kind: "deactivate" })}>
        {text.deactivate}
      </MenuItem>
    </>
  );
}
