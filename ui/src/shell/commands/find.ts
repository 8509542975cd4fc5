/** What the palette lists for a text. */

import type { Command } from "./commands";

/** Returns the commands that have every word of the text, those that begin with it first. */
export function find(commands: readonly Command[], text: string): readonly Command[] {
  const words = fold(text).split(/\s+/).filter(Boolean);
  const found = commands.filter((command) => {
    const all = fold([command.text, command.group, command.words ?? ""].join(" "));
    return words.every((word) => all.includes(word));
  });
  const start = fold(text).trim();
  const rankOf = (command: Command): number => (fold(command.text).startsWith(start) ? 0 : 1);
  return start === "" ? found : found.toSorted((a, b) => rankOf(a) - rankOf(b));
}

/** Returns the commands by their group, in the order in which the groups occur. */
export function byGroup(commands: readonly Command[]): [string, readonly Command[]][] {
  const groups = new Map<string, Command[]>();
  for (const command of commands) groups.set(command.group, [...(groups.get(command.group) ?? []), command]);
  return [...groups];
}

function fold(text: string): string {
  return text
    .normalize("NFKD")
    .replaceAll(/\p{Mn}/gu, "")
    .toLowerCase();
}
