/** The graph as the Studio draws it: with places where steps can be added, and without what is folded or hidden.
 *
 * An exit without an edge is drawn as a narrow lane with a `+`: beside lanes that meet again as an edge to where they meet,
 * which is cut at its `+`; else as a stub, a step of type `STUB`. The way back of a redirect is a line of its own, no edge.
 */

import { type Flow, flowOf } from "../../../graph/flow";
import { type Layout, layoutOf } from "../../../graph/layout";
import { EACH, ERROR, type GraphEdge, type GraphStep, NEXT, type Outline, START } from "../../../graph/outline";
import { edgesWithin, findRegions, isCrossing, ownerOf, type Regions, regionOf } from "../../../graph/regions";
import { STUB } from "../../../graph/sizes";
import { blockOf } from "../../document/blocks";
import type { Definition } from "../../document/definition";
import { type Exit, reachable, rootsOf, shapeOf } from "../../document/shape";

export interface Drawn {
  outline: Outline;
  layout: Layout;
  /** The exits that stubs are drawn for, by the id of the stub. */
  stubs: ReadonlyMap<string, Exit>;
  /** Keys, by `exitKey`, of edges that end at their `+`: the exit is open. */
  open: ReadonlySet<string>;
  /** Open exits whose `+` is drawn right below their step. */
  below: readonly Exit[];
  /** Where the ways of a branch meet before its join. */
  ends: ReadonlySet<string>;
  /** Steps whose blocks are folded: what leaves them is the way on, not an exit of theirs. */
  heads: ReadonlySet<string>;
}

export interface Shown {
  folded: ReadonlySet<string>;
  hasErrors: boolean;
}

/** Returns by which name an exit is found. */
export function exitKey({ from, exit }: Exit): string {
  return `${from} ${exit}`;
}

/** Returns what is drawn of a document. */
export function drawingOf(document: Definition, shown: Shown): Drawn {
  const { plain, heads } = visible(document, shown);
  const added = new Added(plain, findRegions(plain));
  added.arrivals();
  for (const step of plain.steps.values()) if (!heads.has(step.id)) added.exits(step);
  const steps = new Map([...plain.steps, ...added.steps]);
  const edges = [...plain.edges.filter((edge) => !added.replaced.has(edge)), ...added.edges];
  const outline = { steps, edges };
  const { stubs, open, below, ends } = added;
  return { outline, layout: layoutOf(outline), stubs, open, below, ends, heads };
}

/** Returns the outline without the insides of folded blocks, and without error paths that are off; of the ways of redirects
 * it has only those without which the step that they lead to is not reached.
 */
function visible(document: Definition, { folded, hasErrors }: Shown): { plain: Outline; heads: ReadonlySet<string> } {
  const { outline } = shapeOf(document);
  const hidden = new Set(hasErrors ? [] : onlyOnErrors(document));
  const heads = new Set<string>();
  const joined: GraphEdge[] = [];
  for (const head of folded) {
    const block = blockOf(document, head);
    if (block === null || block.members.size === 1) continue;
    heads.add(head);
    for (const member of block.members) if (member !== head) hidden.add(member);
    if (block.next !== null) joined.push({ from: head, to: block.next, exit: NEXT });
  }
  const steps = new Map([...outline.steps].filter(([id]) => !hidden.has(id)));
  for (const [id, step] of steps) if (heads.has(id)) steps.set(id, { ...step, type: "", exits: [NEXT] });
  const isShown = ({ from, to, exit }: GraphEdge): boolean =>
    steps.has(from) && steps.has(to) && !heads.has(from) && (hasErrors || exit !== ERROR);
  const isWay = ({ from, exit }: GraphEdge): boolean => outline.steps.get(from)?.type === "redirect" && exit !== ERROR;
  const drawn = outline.edges.filter(isShown);
  const lines = [...drawn.filter((edge) => !isWay(edge)), ...joined.filter(({ to }) => steps.has(to))];
  return { plain: { steps, edges: withWays({ steps, edges: lines }, drawn.filter(isWay)) }, heads };
}

/** Returns the edges with those ways of redirects that lead to steps which nothing else reaches. */
function withWays({ steps, edges }: Outline, ways: readonly GraphEdge[]): GraphEdge[] {
  const found = [...edges];
  for (let rest = ways; rest.length > 0; ) {
    const reached = findRegions({ steps, edges: found }).of;
    const way = rest.find(({ from, to }) => reached.has(from) && !reached.has(to));
    if (way === undefined) break;
    found.push(way);
    rest = rest.filter((other) => other !== way);
  }
  return found;
}

/** Steps that nothing but an error leads to. */
function onlyOnErrors(document: Definition): string[] {
  const shape = shapeOf(document);
  const leaving = new Map([...shape.leaving].map(([id, edges]) => [id, edges.filter((edge) => edge.branch !== ERROR)]));
  const kept = reachable({ ...shape, leaving }, rootsOf(shape));
  return [...reachable(shape, [START])].filter((id) => !kept.has(id));
}

/** What is drawn beside the steps and edges of the document. */
class Added {
  readonly steps = new Map<string, GraphStep>();
  readonly edges: GraphEdge[] = [];
  readonly replaced = new Set<GraphEdge>();
  readonly stubs = new Map<string, Exit>();
  readonly open = new Set<string>();
  readonly below: Exit[] = [];
  readonly ends = new Set<string>();
  readonly #outline: Outline;
  readonly #regions: Regions;
  readonly #leaving = new Map<string, GraphEdge[]>();
  readonly #flows = new Map<string, Flow>();

  constructor(outline: Outline, regions: Regions) {
    this.#outline = outline;
    this.#regions = regions;
    for (const edge of outline.edges) {
      // An edge into another branch or body is in no layout: its exit is drawn as an open one, and a finding names it.
      if (!isCrossing(edge, outline, regions))
        this.#leaving.set(edge.from, [...(this.#leaving.get(edge.from) ?? []), edge]);
    }
  }

  exits(step: GraphStep): void {
    const leaving = this.#leaving.get(step.id) ?? [];
    const taken = new Set(leaving.map(({ exit }) => exit));
    if (!this.#regions.of.has(step.id)) {
      // In the tray there is no room for lanes; what follows the last step can be added.
      const [only, ...others] = step.exits.filter((exit) => exit !== ERROR);
      if (only === NEXT && others.length === 0 && !taken.has(NEXT)) this.below.push({ from: step.id, exit: NEXT });
      return;
    }
    if (step.type === "parallel") {
      for (const exit of step.exits) if (exit !== ERROR && !taken.has(exit)) this.#stub({ from: step.id, exit });
      return;
    }
    if (step.exits.includes(EACH) && !taken.has(EACH)) this.#stub({ from: step.id, exit: EACH });
    const plain = step.exits.filter((exit) => exit !== ERROR && exit !== EACH);
    const open = plain.filter((exit) => !taken.has(exit));
    const isAlone = plain.length === 1 && !leaving.some(({ exit }) => exit !== EACH);
    const meeting = plain.length > open.length ? this.#meetingOf(step.id) : null;
    for (const exit of open) {
      if (meeting !== null) this.#cut({ from: step.id, exit }, meeting);
      else if (isAlone) this.below.push({ from: step.id, exit });
      else this.#stub({ from: step.id, exit });
    }
  }

  /** The ways of a branch meet at a point before its join; that of an empty branch is where a step can be added. */
  arrivals(): void {
    for (const edge of this.#outline.edges) {
      const region = this.#branchOf(edge);
      const owner = region === null ? null : ownerOf(region);
      if (region === null || owner === null || this.#regions.joins.get(owner) !== edge.to) continue;
      const end = `= ${region}`;
      if (!this.steps.has(end)) this.#point(end, edge.to);
      if (edge.from === owner) this.stubs.set(end, { from: edge.from, exit: edge.exit });
      else this.ends.add(end);
      this.replaced.add(edge);
      this.edges.push({ ...edge, to: end });
    }
  }

  /** The branch or body that an edge is drawn in. */
  #branchOf({ from, exit }: GraphEdge): string | null {
    const region = this.#regions.of.get(from);
    if (region === undefined) return null;
    return this.#outline.steps.get(from)?.type === "parallel" && exit !== ERROR ? regionOf(region, from, exit) : region;
  }

  #point(id: string, to: string): void {
    this.steps.set(id, { id, type: STUB, name: "", settings: {}, exits: [NEXT] });
    this.edges.push({ from: id, to, exit: NEXT });
  }

  #stub(exit: Exit): string {
    const id = `+ ${exitKey(exit)}`;
    this.steps.set(id, { id, type: STUB, name: "", settings: {}, exits: [NEXT] });
    this.stubs.set(id, exit);
    this.edges.push({ from: exit.from, to: id, exit: exit.exit });
    return id;
  }

  #cut(exit: Exit, to: string): void {
    this.open.add(exitKey(exit));
    this.edges.push({ from: exit.from, to, exit: exit.exit });
  }

  #meetingOf(id: string): string | null {
    const region = this.#regions.of.get(id);
    if (region === undefined) return null;
    let flow = this.#flows.get(region);
    if (flow === undefined) {
      const edges = edgesWithin(this.#outline, this.#regions, region).filter(({ exit }) => exit !== ERROR);
      const inside = [...this.#regions.of].filter(([, each]) => each === region).map(([step]) => step);
      flow = flowOf(inside, edges, () => 0);
      this.#flows.set(region, flow);
    }
    return flow.meetings.get(id) ?? null;
  }
}
