/** The swim lanes of the timeline: the visits of one branch, or of one item, lie together below the step that opened it. */

import type { Visit } from "../../graph/log/visits";

/** A branch or an item of a visit of a step, and the time between the first begin and the last end in it. */
export interface Lane {
  kind: "lane";
  scope: string;
  /** The step that opened it. */
  step: string;
  /** The name of the branch, or the number of the item. */
  branch: string;
  /** How many lanes it lies in. */
  depth: number;
  startedOn: number;
  /** Null while anything in it is open. */
  endedOn: number | null;
}

export interface LaneVisit {
  kind: "visit";
  visit: Visit;
  depth: number;
  /** The number of the item, where its lane has no row; else nothing. */
  item: string;
}

interface Scope {
  lane: Lane;
  parent: string;
  visits: Visit[];
  inner: Scope[];
}

/** Returns the rows of a timeline. The lane of an item with one visit has no row of its own. */
export function lanesOf(visits: readonly Visit[]): readonly (Lane | LaneVisit)[] {
  if (visits.every(({ scope }) => scope === ""))
    return visits.map((visit) => ({ kind: "visit", visit, depth: 0, item: "" }));
  const scopes = new Map<string, Scope>();
  for (const visit of visits) {
    const scope = scopeAt(scopes, visit.scope);
    scope.visits.push(visit);
    for (let at: Scope | undefined = scope; at !== undefined; at = scopes.get(at.parent)) {
      widen(at.lane, visit);
      if (at.lane.scope === "") break;
    }
  }
  const rows: (Lane | LaneVisit)[] = [];
  addRows(rows, scopeAt(scopes, ""));
  return rows;
}

/** Returns a scope, and adds it and those it lies in where they are new. */
function scopeAt(scopes: Map<string, Scope>, name: string): Scope {
  const known = scopes.get(name);
  if (known !== undefined) return known;
  const parent = name.slice(0, Math.max(0, name.lastIndexOf("/")));
  const last = name.slice(name.lastIndexOf("/") + 1);
  const [step = "", branch = ""] = last.split(/[[\]]/);
  const depth = name === "" ? 0 : name.split("/").length;
  const lane: Lane = {
    kind: "lane",
    scope: name,
    step,
    branch,
    depth: Math.max(0, depth - 1),
    startedOn: Number.POSITIVE_INFINITY,
    endedOn: Number.NEGATIVE_INFINITY,
  };
  const scope: Scope = { lane, parent, visits: [], inner: [] };
  scopes.set(name, scope);
  if (name !== "") scopeAt(scopes, parent).inner.push(scope);
  return scope;
}

function widen(lane: Lane, { startedOn, endedOn }: Visit): void {
  lane.startedOn = Math.min(lane.startedOn, startedOn);
  lane.endedOn = lane.endedOn === null || endedOn === null ? null : Math.max(lane.endedOn, endedOn);
}

/** Adds the visits of a scope; below the newest visit of a step, the lanes that it opened. */
function addRows(rows: (Lane | LaneVisit)[], { lane, visits, inner }: Scope, item = ""): void {
  const depth = lane.scope === "" ? 0 : lane.depth + 1;
  const lanes = new Map<string, Scope[]>();
  for (const each of inner) {
    const found = lanes.get(each.lane.step);
    if (found === undefined) lanes.set(each.lane.step, [each]);
    else found.push(each);
  }
  const last = new Map(visits.map((visit) => [visit.step, visit]));
  const add = (scope: Scope): void => {
    const isItem = /^\d+$/.test(scope.lane.branch);
    const isAlone = isItem && scope.visits.length < 2 && scope.inner.length === 0;
    if (!isAlone) rows.push(scope.lane);
    addRows(rows, scope, isAlone ? scope.lane.branch : "");
  };
  for (const visit of visits) {
    rows.push({ kind: "visit", visit, depth, item });
    if (last.get(visit.step) !== visit) continue;
    for (const each of lanes.get(visit.step) ?? []) add(each);
    lanes.delete(visit.step);
  }
  // A log that is cut at its begin may lack the visit that opened a lane.
  for (const found of lanes.values()) for (const each of found) add(each);
}
