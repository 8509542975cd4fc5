/** What the palette offers for a text that may be the number of an execution: pasted, it leads there at once. */

import { useNavigate } from "@tanstack/react-router";
import { useApi } from "../../api/context";
import { useMay } from "../../session/session";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import type { Command } from "./commands";

const WHY = /^(why|warum)\s+/i;

/** Returns the number in a text such as `why PO-4711`, empty where there is none, and whether it asks why. */
export function questionIn(text: string): { number: string; isWhy: boolean } {
  const typed = text.trimStart();
  return { number: typed.replace(WHY, "").trim(), isWhy: WHY.test(typed) };
}

/** Returns the command that opens the execution of a number, or lists those that have it. */
export function useExecutionCommands(typed: string): readonly Command[] {
  const text = useText(TEXTS);
  const api = useApi();
  const navigate = useNavigate();
  const { number, isWhy } = questionIn(typed);
  const open = async (): Promise<void> => {
    const { items } = await api.call("getExecutionRows", { term: [number], limit: 2 });
    const [only, another] = items;
    if (only !== undefined && another === undefined) {
      await navigate({ to: "/executions/$executionId", params: { executionId: only.workflow_execution_id } });
    } else await navigate({ to: "/executions", search: { q: [number] } });
  };
  if (!useMay("read.executions") || number === "") return [];
  return [
    {
      id: "open-execution",
      group: text.groups.executions,
      // The page of the execution shows the answer above everything else.
      text: isWhy ? text.whyExecution(number) : text.openExecution(number),
      icon: isWhy ? "help" : "executions",
      // The list says by itself what went wrong with the call.
      run: () => void open().catch(() => navigate({ to: "/executions", search: { q: [number] } })),
    },
  ];
}
