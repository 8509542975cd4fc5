/** The automatic layout of a definition: the same picture for everyone, with nothing to store.
 *
 * Theory of operation. Each region (the steps outside of all branches and bodies, each branch, each body) is laid out by
 * itself, innermost first; what it encloses makes a step larger. Within a region x comes from lanes and y from ranks: all
 * steps of a rank form a row, and the gaps between rows are free for edges, so that no edge is drawn through a step.
 */

import { type Block, type Blocks, blocksOf, isPlain, spread } from "./blocks";
import { type Flow, flowOf } from "./flow";
import { ARRIVE, type GraphEdge, type Outline, START } from "./outline";
import { edgesWithin, findRegions, type Regions, regionOf } from "./regions";
import { type Point, route } from "./routes";
import { BOX, GAP, LANE_GAP, NODE, RAIL, sizeOf, TRAY_GAP } from "./sizes";

export interface PlacedNode {
  step: string;
  /** Of its left upper corner. */
  x: number;
  y: number;
  /** Whether nothing leads to it. */
  isLoose: boolean;
}

export interface PlacedBox {
  /** The `parallel` or `forEach`, and the exit that leads in. */
  step: string;
  exit: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface PlacedEdge extends GraphEdge {
  points: readonly Point[];
  /** The middle of the name of its exit; null where it needs none. */
  label: Point | null;
  isBack: boolean;
}

export interface Layout {
  nodes: readonly PlacedNode[];
  boxes: readonly PlacedBox[];
  edges: readonly PlacedEdge[];
  width: number;
  height: number;
}

interface Level extends Layout {
  /** Where its roots have their middle. */
  axis: number;
}

/** A step with what it encloses: `nodes`, `boxes` and `edges` lie below it, from its own left upper corner. */
interface Item extends Layout {
  step: string;
  /** The width of the step itself. */
  node: number;
}

const EMPTY: Layout = { nodes: [], boxes: [], edges: [], width: 0, height: 0 };

/** Returns where everything of an outline lies. Equal outlines have equal layouts. */
export function layoutOf(outline: Outline): Layout {
  const regions = findRegions(outline);
  const level = levelOf(outline, regions, "", outline.steps.has(START) ? [START] : []);
  const loose = [...outline.steps.keys()].filter((id) => !regions.of.has(id));
  if (loose.length === 0) return level;
  const shift = NODE.width + TRAY_GAP;
  const tray = loose.map((step, at) => ({ step, x: 0, y: at * (NODE.height + GAP.linear), isLoose: true }));
  const moved = shiftBy(level, shift, 0);
  const height = Math.max(level.height, loose.length * (NODE.height + GAP.linear) - GAP.linear);
  return { ...moved, nodes: [...moved.nodes, ...tray], width: level.width + shift, height };
}

function levelOf(outline: Outline, regions: Regions, region: string, roots: readonly string[]): Level {
  if (roots.length === 0) return { ...EMPTY, axis: 0 };
  const edges = edgesWithin(outline, regions, region);
  const flow = flowOf(roots, edges, (edge) => exitOrder(outline, edge));
  const items = new Map([...flow.ranks.keys()].map((step) => [step, itemOf(outline, regions, region, step)] as const));
  const blocks = blocksOf(roots, flow, (step) => items.get(step)?.width ?? NODE.width);
  return place(flow, items, blocks);
}

function exitOrder(outline: Outline, { from, exit }: GraphEdge): number {
  const at = outline.steps.get(from)?.exits.indexOf(exit) ?? -1;
  return at === -1 ? Number.MAX_SAFE_INTEGER : at;
}

/** Returns a step, with a box for each branch or body that it opens. */
function itemOf(outline: Outline, regions: Regions, region: string, id: string): Item {
  const step = outline.steps.get(id);
  const exits = step?.type === "parallel" || step?.type === "forEach" ? step.exits : [];
  const inner = exits.flatMap((exit) => {
    const own = regionOf(region, id, exit);
    const roots = outline.edges.filter((edge) => edge.from === id && edge.exit === exit).map(({ to }) => to);
    const level = levelOf(
      outline,
      regions,
      own,
      roots.filter((to) => regions.of.get(to) === own),
    );
    return level.nodes.length === 0 ? [] : [{ exit, level }];
  });
  if (inner.length === 0) return { ...EMPTY, step: id, ...sizeOf(step?.type), node: sizeOf(step?.type).width };
  return withBoxes(id, inner);
}

function withBoxes(step: string, inner: readonly { exit: string; level: Level }[]): Item {
  const y = NODE.height + BOX.gap;
  const sized = inner.map(({ exit, level }) => ({ exit, level, width: level.width + 2 * BOX.padding }));
  const width = Math.max(NODE.width, spread(sized));
  const height = Math.max(...inner.map(({ level }) => level.height)) + BOX.header + BOX.padding;
  let x = (width - spread(sized)) / 2;
  const boxes: PlacedBox[] = [];
  let content: Layout = EMPTY;
  for (const each of sized) {
    boxes.push({ step, exit: each.exit, x, y, width: each.width, height });
    content = join(content, shiftBy(each.level, x + BOX.padding, y + BOX.header));
    x += each.width + LANE_GAP;
  }
  return { ...content, boxes: [...boxes, ...content.boxes], step, node: NODE.width, width, height: y + height };
}

interface Places {
  axes: ReadonlyMap<string, number>;
  lanes: ReadonlyMap<GraphEdge, number>;
  left: number;
  right: number;
}

function place(flow: Flow, items: ReadonlyMap<string, Item>, blocks: Blocks): Level {
  const rows = rowsOf(flow, items, blocks);
  const x = columnsOf(blocks);
  const railed = [...blocks.crossing].length;
  const margin = (count: number): number => (count === 0 ? 0 : RAIL.first + count * RAIL.step);
  const shift = margin(flow.back.length) - x.left;
  const width = x.right + shift + margin(railed);
  const [nodes, boxes, edges]: [PlacedNode[], PlacedBox[], PlacedEdge[]] = [[], [], []];
  for (const [step, item] of items) {
    const left = (x.axes.get(step) ?? 0) + shift - item.width / 2;
    const top = rows.tops.get(step) ?? 0;
    nodes.push({ step, x: left + (item.width - item.node) / 2, y: top, isLoose: false });
    // Only a step that opens branches or a body encloses anything.
    if (item.boxes.length === 0) continue;
    const inside = shiftBy(item, left, top);
    append(nodes, inside.nodes);
    append(boxes, inside.boxes);
    append(edges, inside.edges);
  }
  append(edges, edgesOf({ flow, blocks, items, rows, x, shift }));
  const axis = (x.axes.get(blocks.blocks[0]?.links[0]?.step ?? "") ?? 0) + shift;
  return { nodes, boxes, edges, width, height: rows.height, axis };
}

/** Returns the upper edge of each step: those of one rank form a row. */
function rowsOf(flow: Flow, items: ReadonlyMap<string, Item>, blocks: Blocks) {
  const ranks: { height: number; gap: number }[] = [];
  const withBack = new Set(flow.back.map(({ from }) => from));
  for (const [step, rank] of flow.ranks) {
    const exits = flow.forward.get(step) ?? [];
    const isWide = !isPlain(exits) || withBack.has(step) || exits.some((edge) => blocks.crossing.has(edge));
    const row = ranks[rank] ?? { height: 0, gap: GAP.linear };
    ranks[rank] = {
      height: Math.max(row.height, items.get(step)?.height ?? NODE.height),
      gap: isWide ? GAP.branching : row.gap,
    };
  }
  const tops: number[] = [];
  let y = 0;
  for (const [rank, { height, gap }] of ranks.entries()) {
    tops[rank] = y;
    y += height + gap;
  }
  const last = ranks.at(-1);
  // What leads back from the last row needs room below it.
  const isOpen = last !== undefined && last.gap !== GAP.linear;
  return {
    tops: new Map([...flow.ranks].map(([step, rank]) => [step, tops[rank] ?? 0])),
    bottoms: new Map([...flow.ranks].map(([step, rank]) => [step, (tops[rank] ?? 0) + (ranks[rank]?.height ?? 0)])),
    height: y - (last?.gap ?? 0) + (isOpen ? GAP.branching / 2 : 0),
  };
}

/** Returns the middle of each step and of each lane. */
function columnsOf({ blocks }: Blocks): Places {
  const axes = new Map<string, number>();
  const lanes = new Map<GraphEdge, number>();
  const put = (block: Block, axis: number): void => {
    for (const link of block.links) {
      axes.set(link.step, axis);
      let x = axis - spread(link.lanes) / 2;
      for (const lane of link.lanes) {
        lanes.set(lane.edge, x + lane.width / 2);
        if (lane.block !== null) put(lane.block, x + lane.width / 2);
        x += lane.width + LANE_GAP;
      }
    }
  };
  let x = 0;
  for (const block of blocks) {
    put(block, x + block.width / 2);
    x += block.width + LANE_GAP;
  }
  return { axes, lanes, left: 0, right: Math.max(0, x - LANE_GAP) };
}

interface Placed {
  flow: Flow;
  blocks: Blocks;
  items: ReadonlyMap<string, Item>;
  rows: ReturnType<typeof rowsOf>;
  x: Places;
  shift: number;
}

function edgesOf({ flow, blocks, items, rows, x, shift }: Placed): PlacedEdge[] {
  const { axes, lanes, right } = x;
  const middle = (step: string): number => (axes.get(step) ?? 0) + shift;
  const top = (step: string): number => rows.tops.get(step) ?? 0;
  const rails = { left: 0, right: 0 };
  const drawEdge = (edge: GraphEdge, isBack: boolean): PlacedEdge => {
    const isCrossing = blocks.crossing.has(edge);
    const rail = isBack
      ? shift - RAIL.first - rails.left++ * RAIL.step
      : right + shift + RAIL.first + (isCrossing ? rails.right++ : 0) * RAIL.step;
    const from = { x: middle(edge.from), y: top(edge.from) + (items.get(edge.from)?.height ?? 0) };
    const to = { x: middle(edge.to), y: top(edge.to) };
    const gap = rows.bottoms.get(edge.from) ?? from.y;
    const lane = lanes.has(edge) ? (lanes.get(edge) ?? 0) + shift : null;
    const isNamed = lane !== null || (isBack && edge.exit !== "next");
    const path = route({ from, to, gap, lane, rail: isBack || isCrossing ? rail : null });
    return { ...edge, points: path.points, label: isNamed && edge.exit !== ARRIVE ? path.label : null, isBack };
  };
  const forward = [...flow.forward.values()].flat().map((edge) => drawEdge(edge, false));
  return [...forward, ...flow.back.map((edge) => drawEdge(edge, true))];
}

function append<Thing>(list: Thing[], others: readonly Thing[]): void {
  for (const other of others) list.push(other);
}

function join(a: Layout, b: Layout): Layout {
  return {
    ...a,
    nodes: [...a.nodes, ...b.nodes],
    boxes: [...a.boxes, ...b.boxes],
    edges: [...a.edges, ...b.edges],
  };
}

function shiftBy(layout: Layout, dx: number, dy: number): Layout {
  const shift = <Thing extends Point>(thing: Thing): Thing => ({ ...thing, x: thing.x + dx, y: thing.y + dy });
  return {
    ...layout,
    nodes: layout.nodes.map(shift),
    boxes: layout.boxes.map(shift),
    edges: layout.edges.map((edge) => ({
      ...edge,
      points: edge.points.map(shift),
      label: edge.label === null ? null : shift(edge.label),
    })),
  };
}
