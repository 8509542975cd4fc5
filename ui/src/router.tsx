/** Every address of the app, and the chunk that its screen loads. */

import { createRoute, createRouter, lazyRouteComponent, type RouterHistory, redirect } from "@tanstack/react-router";
import { auditSearch } from "./admin/audit-search";
import { signInSearch } from "./entrance/sign-in-search";
import { executionSearch } from "./executions/execution/address";
import { historySearch } from "./executions/history/history-search";
import { insightsSearch } from "./insights/span";
import { makerRoutes } from "./maker-routes";
import { cardsSearch } from "./operations/cards/choices";
import { schedulesSearch } from "./operations/schedules/address";
import { root, shell } from "./root-routes";

const entrance = () => import("./entrance/pages");

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: signInSearch,
  component: lazyRouteComponent(entrance, "SignInPage"),
});
const forgotten = createRoute({
  getParentRoute: () => root,
  path: "/forgotten",
  component: lazyRouteComponent(entrance, "ForgottenPage"),
});
const reset = createRoute({
  getParentRoute: () => root,
  path: "/reset/$token",
  component: lazyRouteComponent(entrance, "ResetPage"),
});
const invitation = createRoute({
  getParentRoute: () => root,
  path: "/invitation/$token",
  component: lazyRouteComponent(entrance, "InvitationPage"),
});

const start = createRoute({
  getParentRoute: () => shell,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/inbox" });
  },
});
const inbox = createRoute({
  getParentRoute: () => shell,
  path: "/inbox",
  validateSearch: ({ card, show }): { card?: string; show?: string } => ({
    ...(typeof card === "string" && { card }),
    ...(typeof show === "string" && { show }),
  }),
  component: lazyRouteComponent(() => import("./inbox/InboxPage"), "InboxPage"),
});
const decided = createRoute({
  getParentRoute: () => shell,
  path: "/inbox/decided",
  component: lazyRouteComponent(() => import("./inbox/DecidedPage"), "DecidedPage"),
});
const requested = createRoute({
  getParentRoute: () => shell,
  path: "/inbox/requested",
  component: lazyRouteComponent(() => import("./inbox/RequestedPage"), "RequestedPage"),
});
const absence = createRoute({
  getParentRoute: () => shell,
  path: "/inbox/absence",
  component: lazyRouteComponent(() => import("./inbox/AbsencePage"), "AbsencePage"),
});
const executions = createRoute({
  getParentRoute: () => shell,
  path: "/executions",
  validateSearch: historySearch,
  component: lazyRouteComponent(() => import("./executions/history/HistoryPage"), "HistoryPage"),
});
const execution = createRoute({
  getParentRoute: () => shell,
  path: "/executions/$executionId",
  validateSearch: executionSearch,
  // Not awaited, and not for a link that is only pointed at.
  loader: ({ context: { api, queries }, params, preload }) => {
    if (preload || api === undefined || queries === undefined) return;
    const opening = import("./executions/execution/opening");
    opening.then(({ beginToRead }) => beginToRead(api, queries, params.executionId)).catch(() => undefined);
  },
  component: lazyRouteComponent(() => import("./executions/execution/ExecutionPage"), "ExecutionPage"),
});
const operations = createRoute({
  getParentRoute: () => shell,
  path: "/operations",
  component: lazyRouteComponent(() => import("./operations/OperationsPage"), "OperationsPage"),
});
const operationsStart = createRoute({
  getParentRoute: () => operations,
  path: "/",
  component: lazyRouteComponent(() => import("./operations/OperationsStart"), "OperationsStart"),
});
const incidents = createRoute({
  getParentRoute: () => operations,
  path: "/incidents",
  validateSearch: ({ open }): { open?: string } => (typeof open === "string" ? { open } : {}),
  component: lazyRouteComponent(() => import("./operations/incidents/IncidentsPage"), "IncidentsPage"),
});
const systems = createRoute({
  getParentRoute: () => operations,
  path: "/systems",
  component: lazyRouteComponent(() => import("./operations/systems/SystemsPage"), "SystemsPage"),
});
const letters = createRoute({
  getParentRoute: () => operations,
  path: "/letters",
  validateSearch: ({ all, letter }): { all?: boolean; letter?: string } => ({
    ...(all === true && { all }),
    ...(typeof letter === "string" && { letter }),
  }),
  component: lazyRouteComponent(() => import("./operations/letters/LettersPage"), "LettersPage"),
});
const openCards = createRoute({
  getParentRoute: () => operations,
  path: "/cards",
  validateSearch: cardsSearch,
  component: lazyRouteComponent(() => import("./operations/cards/OpenCardsPage"), "OpenCardsPage"),
});
const bulks = createRoute({
  getParentRoute: () => operations,
  path: "/bulks",
  component: lazyRouteComponent(() => import("./operations/bulks/BulksPage"), "BulksPage"),
});
const bulk = createRoute({
  getParentRoute: () => operations,
  path: "/bulks/$bulkId",
  component: lazyRouteComponent(() => import("./operations/bulks/BulkPage"), "BulkPage"),
});
const schedules = createRoute({
  getParentRoute: () => operations,
  path: "/schedules",
  validateSearch: schedulesSearch,
  component: lazyRouteComponent(() => import("./operations/schedules/SchedulesPage"), "SchedulesPage"),
});
const insights = createRoute({
  getParentRoute: () => shell,
  path: "/insights",
  validateSearch: insightsSearch,
  component: lazyRouteComponent(() => import("./insights/InsightsPage"), "InsightsPage"),
});
const me = createRoute({
  getParentRoute: () => shell,
  path: "/me",
  component: lazyRouteComponent(() => import("./me/MePage"), "MePage"),
});
const admin = createRoute({
  getParentRoute: () => shell,
  path: "/admin",
  component: lazyRouteComponent(() => import("./admin/AdminPage"), "AdminPage"),
});
const adminStart = createRoute({
  getParentRoute: () => admin,
  path: "/",
  component: lazyRouteComponent(() => import("./admin/AdminStart"), "AdminStart"),
});
const members = createRoute({
  getParentRoute: () => admin,
  path: "/members",
  component: lazyRouteComponent(() => import("./admin/members/MembersPage"), "MembersPage"),
});
const roles = createRoute({
  getParentRoute: () => admin,
  path: "/roles",
  component: lazyRouteComponent(() => import("./admin/RolesPage"), "RolesPage"),
});
const keys = createRoute({
  getParentRoute: () => admin,
  path: "/keys",
  component: lazyRouteComponent(() => import("./admin/keys/KeysPage"), "KeysPage"),
});
const notifications = createRoute({
  getParentRoute: () => admin,
  path: "/notifications",
  component: lazyRouteComponent(() => import("./admin/notifications/NotificationsPage"), "NotificationsPage"),
});
const teams = createRoute({
  getParentRoute: () => admin,
  path: "/teams",
  component: lazyRouteComponent(() => import("./admin/teams/TeamsPage"), "TeamsPage"),
});
const organization = createRoute({
  getParentRoute: () => admin,
  path: "/organization",
  component: lazyRouteComponent(() => import("./admin/OrganizationPage"), "OrganizationPage"),
});
const audit = createRoute({
  getParentRoute: () => admin,
  path: "/audit",
  validateSearch: auditSearch,
  component: lazyRouteComponent(() => import("./admin/AuditPage"), "AuditPage"),
});

const tree = root.addChildren([
  signIn,
  forgotten,
  reset,
  invitation,
  shell.addChildren([
    start,
    inbox,
    decided,
    requested,
    absence,
    ...makerRoutes,
    executions,
    execution,
    operations.addChildren([operationsStart, incidents, systems, letters, openCards, bulks, bulk, schedules]),
    insights,
    me,
    admin.addChildren([adminStart, members, roles, keys, notifications, teams, audit, organization]),
  ]),
]);

/** Returns the router. Tests give it a history in memory. */
export function createAppRouter(history?: RouterHistory) {
  return createRouter({
    routeTree: tree,
    basepath: "/app",
    defaultPreload: "intent",
    ...(history === undefined ? {} : { history }),
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
