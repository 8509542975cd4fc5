/** The routes under which all others lie: the root, and the frame of every screen of a person who is signed in. */

import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, createRoute, lazyRouteComponent, Outlet } from "@tanstack/react-router";
import type { Api } from "./api/client";
import { NotFound } from "./shell/NotFound";

/** By what a route reads while its screen is on its way. */
export interface Reading {
  api: Api;
  queries: QueryClient;
}

export const root = createRootRouteWithContext<Partial<Reading>>()({ component: Outlet, notFoundComponent: NotFound });

export const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  component: lazyRouteComponent(() => import("./shell/Shell"), "Shell"),
});
