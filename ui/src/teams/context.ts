/** What the tab knows of Teams, for the components of the tab. */

import { type ComponentType, createContext, useContext } from "react";
import type { TeamsHost } from "./host";

export interface TabFacts {
  host: TeamsHost;
  /** There is no Teams around the page. */
  isOutside: boolean;
  /** Where the screens are drawn. */
  Outlet: ComponentType;
}

export const TabContext = createContext<TabFacts | null>(null);

/** Returns what the tab knows of Teams. Throws outside of the tab. */
export function useTab(): TabFacts {
  const facts = useContext(TabContext);
  if (facts === null) throw new Error("useTab needs a TabContext above");
  return facts;
}
