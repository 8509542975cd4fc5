/** One registry of actions: the palette lists them, `?` shows their keys, and the keyboard runs them. */

import { createContext, type ReactNode, useContext, useEffect, useRef, useSyncExternalStore } from "react";
import type { IconName } from "../../kit/icons";

export interface Command {
  id: string;
  text: string;
  icon: IconName;
  /** The heading in the palette. */
  group: string;
  /** `Ctrl+K`, `g i` (one after the other) or `j`. */
  keys?: string;
  /** Its screen runs it by its keys; here they are only shown. */
  isOwnKey?: boolean;
  /** Whether a key that is held runs it again and again: right only for what moves a selection, and lasts no longer. */
  mayRepeat?: boolean;
  /** Words by which the palette finds it too. */
  words?: string;
  run: () => void;
}

export interface CommandRegistry {
  list: () => readonly Command[];
  /** Adds commands until the returned function is called. */
  add: (commands: readonly Command[]) => () => void;
  subscribe: (onChange: () => void) => () => void;
}

/** Returns the list of commands, to which pages add theirs while they are shown. */
export function createCommandRegistry(): CommandRegistry {
  const added = new Set<readonly Command[]>();
  const followers = new Set<() => void>();
  let listed: readonly Command[] = [];
  const change = (): void => {
    listed = [...added].flat();
    for (const follower of followers) follower();
  };
  return {
    list: () => listed,
    add: (commands) => {
      added.add(commands);
      change();
      return () => {
        added.delete(commands);
        change();
      };
    },
    subscribe: (onChange) => {
      followers.add(onChange);
      return () => followers.delete(onChange);
    },
  };
}

const CommandsContext = createContext<CommandRegistry | null>(null);

/** Gives all below it the list of commands. */
export function CommandsProvider({ registry, children }: { registry: CommandRegistry; children: ReactNode }) {
  return <CommandsContext value={registry}>{children}</CommandsContext>;
}

function useRegistry(): CommandRegistry {
  const registry = useContext(CommandsContext);
  if (registry === null) throw new Error("commands need a CommandsProvider above");
  return registry;
}

/** Returns all commands of what is on the screen. */
export function useCommandList(): readonly Command[] {
  const registry = useRegistry();
  return useSyncExternalStore(registry.subscribe, registry.list);
}

/** Offers commands while the component is there. They run as they were at its last render. */
export function useCommands(commands: readonly Command[]): void {
  const registry = useRegistry();
  const latest = useRef(commands);
  latest.current = commands;
  const shown = commands.map(({ id, text, keys, group }) => [id, text, keys, group].join("\t")).join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is listed changes with `shown` alone
  useEffect(() => {
    const run = (id: string): void => latest.current.find((command) => command.id === id)?.run();
    return registry.add(latest.current.map((command) => ({ ...command, run: () => run(command.id) })));
  }, [registry, shown]);
}
