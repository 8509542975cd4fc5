/** The commands that every screen has. */

import { useNavigate } from "@tanstack/react-router";
import { THEMES } from "../../kit/theme";
import { usePreferences } from "../../session/preferences";
import { useSession } from "../../session/session";
import { LANGUAGE_NAMES, LANGUAGES, useText } from "../../text/language";
import { useChooseOrganization } from "../organizations";
import { placesOf } from "../places";
import { useSignOut } from "../sign-out";
import { TEXTS } from "../text";
import { type Command, useCommands } from "./commands";

interface Openers {
  onSearch: () => void;
  onShortcuts: () => void;
}

/** Adds the commands that every page has. */
export function useStandardCommands({ onSearch, onShortcuts }: Openers): void {
  const text = useText(TEXTS);
  const signOut = useSignOut();
  useCommands([
    ...usePlaceCommands(),
    ...useOrganizationCommands(),
    ...useLookCommands(),
    { id: "search", group: text.groups.help, text: text.search, icon: "search", keys: "Ctrl+K", run: onSearch },
    { id: "shortcuts", group: text.groups.help, text: text.shortcuts, icon: "help", keys: "?", run: onShortcuts },
    {
      id: "sign-out",
      group: text.groups.account,
      text: text.signOut,
      icon: "leave",
      run: () => signOut.mutate(),
    },
  ]);
}

function usePlaceCommands(): Command[] {
  const text = useText(TEXTS);
  const navigate = useNavigate();
  const places = placesOf(useSession()).map(
    ({ id, icon, keys, path }): Command => ({
      id: `go-${id}`,
      group: text.groups.go,
      text: text.places[id],
      icon,
      keys,
      run: () => void navigate({ to: path }),
    }),
  );
  const me = { id: "go-me", group: text.groups.go, text: text.myAccount, icon: "person", keys: "g m" } as const;
  return [...places, { ...me, run: () => void navigate({ to: "/me" }) }];
}

function useOrganizationCommands(): Command[] {
  const text = useText(TEXTS);
  const { organization, organizations } = useSession();
  const choose = useChooseOrganization();
  const others = organizations.filter(({ id }) => id !== organization.id);
  return others.map(({ id, name }) => ({
    id: `organization-${id}`,
    group: text.groups.organization,
    text: text.switchOrganization(name),
    icon: "repeat",
    run: () => choose.mutate({ organizationId: id }),
  }));
}

function useLookCommands(): Command[] {
  const text = useText(TEXTS);
  const { preferences, choose } = usePreferences();
  const themes = THEMES.filter((theme) => theme !== preferences.theme).map(
    (theme): Command => ({
      id: `theme-${theme}`,
      group: text.groups.look,
      text: `${text.theme}: ${text.themes(theme)}`,
      icon: "screen",
      run: () => choose({ theme }),
    }),
  );
  const languages = LANGUAGES.filter((language) => language !== preferences.language).map(
    (language): Command => ({
      id: `language-${language}`,
      group: text.groups.look,
      text: `${text.language}: ${LANGUAGE_NAMES[language]}`,
      icon: "screen",
      run: () => choose({ language }),
    }),
  );
  return [...themes, ...languages];
}
