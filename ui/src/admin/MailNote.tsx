import type { MailState } from "../api/types";
import { useText } from "../text/language";
import { TEXTS } from "./text";

/** Says what became of the mail with a link; nothing where this installation sends none. */
export function MailNote({ mail, reason }: { mail: MailState; reason: string | null }) {
  const { mails: text } = useText(TEXTS);
  if (mail === "OFF") return null;
  return <p role={mail === "SENT" ? "status" : "alert"}>{text(mail, reason ?? "")}</p>;
}
