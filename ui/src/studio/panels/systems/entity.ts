/** The key in an entity of OData, such as `A_PurchaseOrderItem(PurchaseOrder='1',Item='10')`. */

export interface Entity {
  set: string;
  /** In order; a key of one part has no name. */
  keys: readonly { name: string; value: string; isQuoted: boolean }[];
  /** What follows the key, such as `/to_Item`. */
  rest: string;
}

const KEYED = /^([A-Za-z_]\w*)\((.*)\)((?:\/.*)?)$/s;
const PART = /^(?:([A-Za-z_]\w*)\s*=\s*)?(?:'((?:[^']|'')*)'|([^',]*))$/s;

/** Returns the parts of an entity with a key; null for one without, or one that is not understood. */
export function entityOf(text: string): Entity | null {
  const [, set = "", inner = "", rest = ""] = KEYED.exec(text) ?? [];
  if (set === "" || inner.trim() === "") return null;
  const keys = partsOf(inner).map((part) => {
    const found = PART.exec(part.trim());
    if (found === null) return null;
    const [, name = "", quoted, bare = ""] = found;
    return { name, value: quoted ?? bare, isQuoted: quoted !== undefined };
  });
  return keys.some((key) => key === null) ? null : { set, keys: keys.filter((key) => key !== null), rest };
}

/** Returns the text of an entity. */
export function entityText({ set, keys, rest }: Entity): string {
  const parts = keys.map(({ name, value, isQuoted }) => {
    const written = isQuoted ? `'${value}'` : value;
    return name === "" ? written : `${name}=${written}`;
  });
  return `${set}(${parts.join(",")})${rest}`;
}

/** Splits at the commas that are neither in quotes nor in an expression. */
function partsOf(text: string): string[] {
  const parts: string[] = [];
  let part = "";
  let isQuoted = false;
  let depth = 0;
  for (const sign of text) {
    if (sign === "{") depth += 1;
    else if (sign === "}") depth -= 1;
    else if (sign === "'" && depth === 0) isQuoted = !isQuoted;
    if (sign === "," && !isQuoted && depth === 0) {
      parts.push(part);
      part = "";
    } else part += sign;
  }
  return [...parts, part];
}
