/** What the palette offers of the organization for a text: workflows, cards, executions, datastores, connections. */

import { useQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useApi } from "../../api/context";
import { type FoundObject, searchQuery } from "../../api/queries/shell/search";
import type { IconName } from "../../kit/icons";
import { useMay } from "../../session/session";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import type { Command } from "./commands";

const ICONS: Readonly<Record<FoundObject["kind"], IconName>> = {
  workflow: "workflows",
  card: "cards",
  execution: "executions",
  datastore: "data",
  connection: "link",
};

/** Returns the commands that open what the server finds for a text; none while it searches, or where it cannot. */
export function useFoundCommands(typed: string): readonly Command[] {
  const text = useText(TEXTS);
  const { history } = useRouter();
  const isAllowed = useMay("read.definitions");
  const { data } = useQuery(searchQuery(useApi(), isAllowed ? typed.trim() : ""));
  const found = data?.items ?? [];
  return found.map(({ kind, id, title, detail, url }) => ({
    id: `open-${kind}-${id}`,
    group: text.found[kind],
    text: detail === "" ? title : `${title} · ${text.foundDetail(detail)}`,
    icon: ICONS[kind],
    run: () => history.push(url),
  }));
}
