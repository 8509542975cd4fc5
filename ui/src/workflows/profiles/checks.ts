/** What is checked of the values of a profile before they are stored. */

import { isObject } from "../../shared/http";

/** Names that say that a value is a secret, which a profile must not hold: every key that reads workflows reads it. */
const SECRET = /(?:^|[_.-])(?:password|passwd|pwd|secret|token|api[_-]?key|private[_-]?key|credentials?)$/i;
/** What an expression can read as `environment.NAME`. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const MOST_SHOWN = 5;

/** Returns the names of values that look like secrets, with `.` between the levels. */
export function secretsIn(values: unknown): readonly string[] {
  const found: string[] = [];
  const look = (value: unknown, path: readonly string[]): void => {
    if (found.length >= MOST_SHOWN || !isObject(value)) return;
    for (const [name, inner] of Object.entries(value)) {
      if (typeof inner === "string" && inner !== "" && SECRET.test(name)) found.push([...path, name].join("."));
      look(inner, [...path, name]);
    }
  };
  look(values, []);
  return found;
}

/** Returns the names at the top that expressions can only read in brackets, such as `environment['base url']`. */
export function awkwardNames(values: unknown): readonly string[] {
  return isObject(values)
    ? Object.keys(values)
        .filter((name) => !NAME.test(name))
        .slice(0, MOST_SHOWN)
    : [];
}

/** Returns a name that no profile has: `prod`, `prod 2`, `prod 3`. */
export function freeName(name: string, taken: readonly string[]): string {
  let next = name;
  for (let at = 2; taken.includes(next); at += 1) next = `${name} ${at}`;
  return next;
}
