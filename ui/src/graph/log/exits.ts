/** The exits that were travelled while a log is folded: those that visits took, and those that lead into scopes. */

import type { Visit } from "./visits";

export class Exits {
  /** Of each step, by how many visits each of its exits was taken. */
  private readonly left: Map<string, Map<string, number>>;
  /** As `step exit`. */
  private readonly entered: Set<string>;
  private readonly containers: Set<string>;

  constructor(from?: Exits) {
    this.left = new Map(from?.left);
    for (const [step, counts] of this.left) this.left.set(step, new Map(counts));
    this.entered = new Set(from?.entered);
    this.containers = new Set(from?.containers);
  }

  /** Returns them as `step exit`. */
  all(): ReadonlySet<string> {
    const left = [...this.left].flatMap(([step, counts]) =>
      [...counts].flatMap(([exit, count]) => (count > 0 ? [`${step} ${exit}`] : [])),
    );
    return new Set([...left, ...this.entered]);
  }

  /** Returns whether visits of a step have scopes inside that have visits. */
  leadInside(step: string): boolean {
    return this.containers.has(step);
  }

  /** Counts the exit of a visit, or with -1 what it was before. */
  count({ step, exit }: Visit, by: 1 | -1): void {
    if (exit === null) return;
    const counts = this.left.get(step) ?? new Map<string, number>();
    this.left.set(step, counts.set(exit, (counts.get(exit) ?? 0) + by));
  }

  /** A body is entered once it has visits, a branch by its name. */
  enter(scope: string): void {
    for (let at = scope.indexOf("["); at !== -1; at = scope.indexOf("[", at + 1)) {
      this.containers.add(scope.slice(scope.lastIndexOf("/", at) + 1, at));
    }
    for (const entrance of entrancesOf(scope)) this.entered.add(entrance);
  }
}

/** Returns the exits that lead into a scope, such as `forEach_1 each` for `forEach_1[17]`. */
function entrancesOf(scope: string): string[] {
  if (scope === "") return [];
  return scope.split("/").flatMap((part) => {
    const [, step, name] = /^(.+?)\[(.*)\]$/.exec(part) ?? [];
    if (step === undefined || name === undefined) return [];
    return [`${step} ${/^\d+$/.test(name) ? "each" : name}`];
  });
}
