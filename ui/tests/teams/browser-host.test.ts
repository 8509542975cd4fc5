import { afterEach, describe, expect, it, vi } from "vitest";
import { browserHost } from "../../src/teams/browser-host";

const teams = vi.hoisted(() => ({
  app: {
    initialize: async (): Promise<void> => undefined,
    getContext: async () => ({ app: { theme: "dark", locale: "de-DE" } }),
    notifySuccess: (): void => undefined,
    registerOnThemeChangeHandler: (_take: (theme: string) => void): void => undefined,
  },
  authentication: { getAuthToken: async (): Promise<string> => "token-of-entra" },
}));
vi.mock("@microsoft/teams-js", () => teams);

describe("the host by Microsoft's library", () => {
  afterEach(() => vi.restoreAllMocks());

  it("begins, reads theme and language, and says that the page is there", async () => {
    const calls: string[] = [];
    vi.spyOn(teams.app, "initialize").mockImplementation(async () => void calls.push("initialize"));
    vi.spyOn(teams.app, "notifySuccess").mockImplementation(() => void calls.push("notifySuccess"));
    expect(await browserHost().start()).toEqual({ theme: "dark", locale: "de-DE" });
    expect(calls).toEqual(["initialize", "notifySuccess"]);
  });

  it("gives the token, and the themes that Teams changes to", async () => {
    const taken: string[] = [];
    vi.spyOn(teams.app, "registerOnThemeChangeHandler").mockImplementation((take) => take("contrast"));
    const host = browserHost();
    host.onTheme((theme) => taken.push(theme));
    expect(taken).toEqual(["contrast"]);
    expect(await host.token()).toBe("token-of-entra");
  });
});
