import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { Api } from "../../client";
import type { AnswerOf } from "../../types";
import { firstPage } from "../pages";

const LIMIT = 30;

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
