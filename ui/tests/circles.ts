/** Finds circles of files: those that import each other, over however many files. */

/** Returns the circles of a tree, each with its files in order. `importsOf` returns what a file imports, in any way. */
export function circlesOf(files: readonly string[], importsOf: (file: string) => readonly string[]): string[][] {
  const reached = new Map(files.map((file) => [file, reachableFrom(file, importsOf)] as const));
  const left = new Set(files);
  const found: string[][] = [];
  for (const file of files) {
    const circle = [...left].filter((other) => reached.get(file)?.has(other) && reached.get(other)?.has(file));
    for (const each of circle) left.delete(each);
    if (circle.length > 0) found.push(circle.sort());
  }
  return found;
}

function reachableFrom(file: string, importsOf: (file: string) => readonly string[]): Set<string> {
  const reached = new Set<string>();
  const ahead = [...importsOf(file)];
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    if (reached.has(next)) continue;
    reached.add(next);
    ahead.push(...importsOf(next));
  }
  return reached;
}
