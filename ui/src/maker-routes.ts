/** The addresses of those who build: workflows, cards, and the data that both use. */

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { cardSearch } from "./cards/designer/address";
import { cardsSearch } from "./cards/list/address";
import { shell } from "./root-routes";
import { studioSearch } from "./studio/address";
import { compareSearch } from "./workflows/compare/address";
import { workflowsSearch } from "./workflows/list/address";

const cards = createRoute({
  getParentRoute: () => shell,
  path: "/cards",
  validateSearch: cardsSearch,
  component: lazyRouteComponent(() => import("./cards/list/CardsPage"), "CardsPage"),
});
const workflows = createRoute({
  getParentRoute: () => shell,
  path: "/workflows",
  validateSearch: workflowsSearch,
  component: lazyRouteComponent(() => import("./workflows/list/WorkflowsPage"), "WorkflowsPage"),
});
const newWorkflow = createRoute({
  getParentRoute: () => shell,
  path: "/workflows/new",
  component: lazyRouteComponent(() => import("./workflows/creation/NewWorkflowPage"), "NewWorkflowPage"),
});
const workflow = createRoute({
  getParentRoute: () => shell,
  path: "/workflows/$workflowId",
  component: lazyRouteComponent(() => import("./workflows/WorkflowPage"), "WorkflowPage"),
});
const overview = createRoute({
  getParentRoute: () => workflow,
  path: "/",
  component: lazyRouteComponent(() => import("./workflows/overview/OverviewPage"), "OverviewPage"),
});
const compare = createRoute({
  getParentRoute: () => workflow,
  path: "/compare",
  validateSearch: compareSearch,
  component: lazyRouteComponent(() => import("./workflows/compare/ComparePage"), "ComparePage"),
});
const profiles = createRoute({
  getParentRoute: () => workflow,
  path: "/profiles",
  component: lazyRouteComponent(() => import("./workflows/profiles/ProfilesPage"), "ProfilesPage"),
});
const workflowSettings = createRoute({
  getParentRoute: () => workflow,
  path: "/settings",
  component: lazyRouteComponent(() => import("./workflows/settings/SettingsPage"), "SettingsPage"),
});
const data = createRoute({
  getParentRoute: () => shell,
  path: "/data",
  component: lazyRouteComponent(() => import("./data/DataPage"), "DataPage"),
});
const dataStart = createRoute({
  getParentRoute: () => data,
  path: "/",
  component: lazyRouteComponent(() => import("./data/DataStart"), "DataStart"),
});
const datastores = createRoute({
  getParentRoute: () => data,
  path: "/datastores",
  component: lazyRouteComponent(() => import("./data/datastores/DatastoresPage"), "DatastoresPage"),
});
const datastore = createRoute({
  getParentRoute: () => data,
  path: "/datastores/$name",
  component: lazyRouteComponent(() => import("./data/datastores/DatastorePage"), "DatastorePage"),
});
const calendars = createRoute({
  getParentRoute: () => data,
  path: "/calendars",
  component: lazyRouteComponent(() => import("./data/calendars/CalendarsPage"), "CalendarsPage"),
});
const calendar = createRoute({
  getParentRoute: () => data,
  path: "/calendars/$name",
  component: lazyRouteComponent(() => import("./data/calendars/CalendarPage"), "CalendarPage"),
});
const connections = createRoute({
  getParentRoute: () => data,
  path: "/connections",
  component: lazyRouteComponent(() => import("./data/connections/ConnectionsPage"), "ConnectionsPage"),
});
const connection = createRoute({
  getParentRoute: () => data,
  path: "/connections/$name",
  component: lazyRouteComponent(() => import("./data/connections/ConnectionPage"), "ConnectionPage"),
});
const newConnection = createRoute({
  getParentRoute: () => data,
  path: "/new-connection",
  component: lazyRouteComponent(() => import("./data/connections/NewConnectionPage"), "NewConnectionPage"),
});
const card = createRoute({
  getParentRoute: () => shell,
  path: "/cards/$cardId/v/$version",
  validateSearch: cardSearch,
  component: lazyRouteComponent(() => import("./cards/designer/CardDesignerPage"), "CardDesignerPage"),
});

const studio = createRoute({
  getParentRoute: () => shell,
  path: "/workflows/$workflowId/v/$version",
  validateSearch: studioSearch,
  component: lazyRouteComponent(() => import("./studio/StudioPage"), "StudioPage"),
});

export const makerRoutes = [
  cards,
  card,
  workflows,
  newWorkflow,
  studio,
  workflow.addChildren([overview, compare, profiles, workflowSettings]),
  data.addChildren([dataStart, datastores, datastore, calendars, calendar, connections, connection, newConnection]),
] as const;
