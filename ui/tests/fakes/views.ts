/** Views of the history in memory. */

import type { ViewRecord } from "../../src/api/queries/executions/views";
import type { Handlers } from "./api";

export function viewRecord(changes: Partial<ViewRecord> = {}): ViewRecord {
  return {
    view_id: "view-1",
    page: "executions",
    name: "Mine",
    query: "has=letter",
    is_shared: false,
    is_mine: true,
    can_change: true,
    created_by: "user-2",
    created_by_name: "The buyer",
    modified_by: null,
    created_on: 1,
    modified_on: 1,
    ...changes,
  };
}

/** Handlers of views that are kept, changed and deleted. */
export function withViews(given: readonly ViewRecord[] = [viewRecord()]): Handlers {
  let views = [...given];
  return {
    getViews: () => ({ message: "success", count: views.length, items: views }),
    putView: ({ name, query, is_shared = false, view_id }) => {
      const item = viewRecord({ view_id: view_id ?? `view-${views.length + 7}`, name, query, is_shared });
      views = [...views.filter((view) => view.view_id !== item.view_id), item];
      return { message: "success", item };
    },
    deleteView: ({ view_id }) => {
      views = views.filter((view) => view.view_id !== view_id);
      return { message: "success" };
    },
  };
}
