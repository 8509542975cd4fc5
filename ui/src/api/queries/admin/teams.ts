import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { Api } from "../../client";
import type { AnswerOf, Schema } from "../../types";
import { firstPage } from "../pages";

const LIMIT = 30;
const RECENT = 10;
const PROGRESS_MS = 2_000;

export const TEAMS_PEOPLE = "teams-people";
export type TeamsPerson = AnswerOf<"getTeamsPeople">["items"][number];
export type TeamsStatus = TeamsPerson["status"];
export type TeamsSetup = AnswerOf<"getTeamsSetup">["item"];

/** What an administrator of Microsoft needs for the bot of a connection. */
export const teamsSetupQuery = (api: Api, name: string) =>
  queryOptions({
    queryKey: ["teams-setup", name],
    queryFn: async ({ signal }) => (await api.call("getTeamsSetup", { name }, { signal })).item,
  });

/** Pages of the people whom a bot knows, of one status or of all. */
export const teamsPeopleQuery = (api: Api, name: string, status: TeamsStatus | null) =>
  infiniteQueryOptions({
    queryKey: [TEAMS_PEOPLE, name, status],
    queryFn: ({ pageParam, signal }) =>
      api.call(
        "getTeamsPeople",
        { name, limit: LIMIT, ...(status !== null && { status: [status] }), ...pageParam },
        { signal },
      ),
    initialPageParam: firstPage<"getTeamsPeople">(),
    getNextPageParam: (page) => page.lastKey,
  });

export const TEAMS_INSTALLATIONS = "teams-installations";
export type Installation = AnswerOf<"getTeamsInstallations">["items"][number];

/** For whom the app is to be installed: people by their ids, or all who are known and lack it. */
export type Choice = { person: string[] } | { missing: true };
type AskedChoice = { person: string[] } | { missing: true; after?: string };
type Forecast = Schema<"TeamsInstallationForecast"> & { asked: AskedChoice };

/**
 * Who would get the app, and what to ask for to install it. Nothing is stored, and Microsoft is not asked. The server
 * reads some of the people at a time: who have the app are passed over until some lack it.
 */
export const teamsForecastQuery = (api: Api, name: string, choice: Choice) =>
  queryOptions({
    queryKey: ["teams-forecast", name, choice],
    queryFn: async ({ signal }): Promise<Forecast> => {
      for (let asked: AskedChoice = choice; ; ) {
        const { forecast, after } = await api.call("installTeamsApp", { name, ...asked, dry_run: true }, { signal });
        const found = forecast ?? { people: 0, skipped: 0, truncated: false, items: [], unknown: [] };
        if (found.people > 0 || after === undefined) return { ...found, asked };
        asked = { missing: true, after };
      }
    },
    gcTime: 0,
    staleTime: 0,
  });

/** Pages of installations for many people, newest first; read again while one of them runs. */
export const teamsInstallationsQuery = (api: Api) =>
  infiniteQueryOptions({
    queryKey: [TEAMS_INSTALLATIONS],
    queryFn: ({ pageParam, signal }) => api.call("getTeamsInstallations", { limit: RECENT, ...pageParam }, { signal }),
    initialPageParam: firstPage<"getTeamsInstallations">(),
    getNextPageParam: (page) => page.lastKey,
    refetchInterval: ({ state }) =>
      state.data?.pages.some(({ items }) => items.some(({ status }) => status === "RUNNING")) === true && PROGRESS_MS,
  });

/** An installation with the people who did not get the app; asked again when there are more of them. */
export const teamsRefusalsQuery = (api: Api, { installation_id: installationId, refused }: Installation) =>
  queryOptions({
    queryKey: [TEAMS_INSTALLATIONS, installationId, refused],
    queryFn: async ({ signal }) =>
      (await api.call("getTeamsInstallation", { installation_id: installationId }, { signal })).refusals ?? [],
  });
