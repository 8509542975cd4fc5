/** The host of a tab by Microsoft's own library, the one that knows how a page speaks with Teams. */

import { app, authentication } from "@microsoft/teams-js";
import { type TeamsHost, themeOf } from "./host";

/** Returns Teams as the page finds it around itself. */
export function browserHost(): TeamsHost {
  return {
    start: async () => {
      await app.initialize();
      const { app: found } = await app.getContext();
      app.notifySuccess();
      return { theme: themeOf(found.theme), locale: found.locale };
    },
    onTheme: (take) => app.registerOnThemeChangeHandler((theme) => take(themeOf(theme))),
    token: () => authentication.getAuthToken(),
  };
}
