import type { Schema } from "../../api/types";

export type Member = Schema<"MemberRecord">;

/** Returns how people call a member: the name, or the address of one who has not given a name yet. */
export function nameOf(member: Member): string {
  return member.name || member.email;
}

/** Returns the addresses in a text, one per line or between commas, each once. */
export function addressesIn(text: string): string[] {
  const found = text
    .split(/[\s,;]+/)
    .map((each) => each.replace(/^<|>$/g, ""))
    .filter((each) => each !== "");
  return [...new Map(found.map((each) => [each.toLowerCase(), each])).values()];
}
