/** New steps, as they are before an author has filled them in. */

import type { StepTypeName } from "../../../api/step-types";
import { mainExitOf } from "../../../graph/step-types";
import { isObject, type JsonObject, textOf } from "../../../shared/http";
import { type Fragment, freeId } from "../graph-edit";

const RULE = { variable: "", operator: "StringEquals", value: "" } as const;

/** Settings that a type needs, or that nearly everyone chooses. What only its author can know is left out. */
const BLANKS: Readonly<Record<Exclude<StepTypeName, "trigger" | "join">, JsonObject>> = {
  httpRequest: { method: "GET", url: "" },
  sapRequest: { method: "GET" },
  operation: { input: {} },
  function: { language: "javascript", code: "return input;" },
  conditional: { rules: [RULE] },
  branchConditional: {
    variable: "",
    operator: "StringEquals",
    branches: [{ id: "branch_1", label: "", value: "" }],
  },
  advancedConditional: { branches: [{ id: "branch_1", label: "", conditions: [RULE] }] },
  adaptiveCard: { action: "send", channel: "inbox", recipients: [], wait: { for: "first" } },
  approval: { recipients: [], quorum: "any" },
  wait: { sources: ["SAP", "TEAMS"] },
  delay: { for: "PT1H" },
  overridePayload: { parameters: [] },
  datastore: { operation: "get" },
  email: { to: [], subject: "" },
  parallel: { branches: [{ id: "branch_1" }, { id: "branch_2" }] },
  forEach: { items: "" },
  subworkflow: {},
  redirect: { max_visits: 10 },
  terminate: { status: "COMPLETED" },
};

const BY_NAME: ReadonlyMap<string, JsonObject> = new Map(Object.entries(BLANKS));

/** The types that can be added by themselves, in the order of the toolbox. A `join` comes with its `parallel`. */
export const ADDABLE: readonly string[] = Object.keys(BLANKS);

/** Returns a new step of a type with an id that is not taken, with what belongs to it. */
export function blankOf(type: string, taken: ReadonlySet<string>, settings?: JsonObject): Fragment {
  const id = freeId(type, taken);
  const step = { id, type, settings: structuredClone(settings ?? BY_NAME.get(type) ?? {}) };
  if (type === "parallel") return parallelOf(step, taken);
  const exit = mainExitOf(type, branchesOf(step.settings));
  return { steps: [step], edges: [], entry: id, outs: exit === "" ? [] : [{ from: id, exit }] };
}

function parallelOf(step: { id: string; type: string; settings: JsonObject }, taken: ReadonlySet<string>): Fragment {
  const join = freeId("join", taken);
  return {
    steps: [step, { id: join, type: "join", settings: { of: step.id } }],
    edges: ["branch_1", "branch_2"].map((branch) => ({ from: step.id, to: join, branch })),
    entry: step.id,
    outs: [{ from: join, exit: "next" }],
  };
}

function branchesOf({ branches }: JsonObject): string[] {
  return Array.isArray(branches) ? branches.filter(isObject).flatMap(({ id }) => textOf(id) ?? []) : [];
}
