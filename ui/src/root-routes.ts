/** The routes under which all others lie: the root, and the frame of every screen of a person who is signed in. */

import { createRootRouteWithContext, createRoute, lazyRouteComponent, Outlet } from "@tanstack/react-router";
import { NotFound } from "./shell/NotFound";

export const root = createRootRouteWithContext()({ component: Outlet, notFoundComponent: NotFound });

export const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  component: lazyRouteComponent(() => import("./shell/Shell"), "Shell"),
});
