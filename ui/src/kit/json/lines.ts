/** The differences of two texts by lines, for two columns side by side. */

export interface LinePair {
  kind: "same" | "changed" | "added" | "removed";
  before: string | null;
  after: string | null;
}

/** Above so many different lines beside each other no common ones are sought between them: it would take too long. */
const MOST_SOUGHT = 2_000;

/** Returns the lines of both texts in pairs. Equal ones are beside each other. */
export function pairLines(before: string, after: string): readonly LinePair[] {
  const [a, b] = [before.split("\n"), after.split("\n")];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  return [
    ...a.slice(0, start).map(same),
    ...pairMiddle(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...a.slice(a.length - end).map(same),
  ];
}

function pairMiddle(a: readonly string[], b: readonly string[]): LinePair[] {
  const pairs: LinePair[] = [];
  let [fromA, fromB] = [0, 0];
  for (const [atA, atB] of commonOf(a, b)) {
    pairs.push(...pairDifferent(a.slice(fromA, atA), b.slice(fromB, atB)), same(a[atA] ?? ""));
    [fromA, fromB] = [atA + 1, atB + 1];
  }
  return [...pairs, ...pairDifferent(a.slice(fromA), b.slice(fromB))];
}

function pairDifferent(a: readonly string[], b: readonly string[]): LinePair[] {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, at) => {
    const [before, after] = [a[at] ?? null, b[at] ?? null];
    if (before === null) return { kind: "added" as const, before, after };
    return { kind: after === null ? ("removed" as const) : ("changed" as const), before, after };
  });
}

/** Returns the places of a longest common sequence of lines. */
function commonOf(a: readonly string[], b: readonly string[]): [number, number][] {
  if (a.length === 0 || b.length === 0 || a.length > MOST_SOUGHT || b.length > MOST_SOUGHT) return [];
  const width = b.length + 1;
  const lengths = new Uint16Array((a.length + 1) * width);
  const lengthAt = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] =
        a[i] === b[j] ? lengthAt(i + 1, j + 1) + 1 : Math.max(lengthAt(i + 1, j), lengthAt(i, j + 1));
    }
  }
  const found: [number, number][] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      found.push([i, j]);
      i += 1;
      j += 1;
    } else if (lengthAt(i + 1, j) >= lengthAt(i, j + 1)) i += 1;
    else j += 1;
  }
  return found;
}

function same(line: string): LinePair {
  return { kind: "same", before: line, after: line };
}

/** Returns the pairs around differences, and how many equal ones were left out before each part. */
export function foldEqual(
  pairs: readonly LinePair[],
  around = 3,
): readonly { skipped: number; at: number; pairs: readonly LinePair[] }[] {
  const near = pairs.map(() => false);
  for (const [at, { kind }] of pairs.entries()) {
    if (kind === "same") continue;
    for (let each = Math.max(0, at - around); each <= Math.min(pairs.length - 1, at + around); each += 1)
      near[each] = true;
  }
  const parts: { skipped: number; at: number; pairs: LinePair[] }[] = [];
  let skipped = 0;
  let last: { skipped: number; at: number; pairs: LinePair[] } | null = null;
  for (const [at, pair] of pairs.entries()) {
    if (!near[at]) {
      skipped += 1;
      last = null;
      continue;
    }
    if (last === null) {
      last = { skipped, at, pairs: [] };
      parts.push(last);
      skipped = 0;
    }
    last.pairs.push(pair);
  }
  return parts;
}
