import {
  Button,
  Menu,
  type MenuCheckedValueChangeData,
  MenuDivider,
  MenuGroup,
  MenuGroupHeader,
  MenuItem,
  MenuItemLink,
  MenuItemRadio,
  MenuList,
  MenuPopover,
  MenuTrigger,
} from "@fluentui/react-components";
import { useNavigate } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { Icon } from "../kit/icons";
import { DENSITIES, THEMES } from "../kit/theme";
import { type Preferences, preferencesOf, usePreferences } from "../session/preferences";
import { useSession } from "../session/session";
import { TIME_STYLES } from "../text/formats";
import { LANGUAGE_NAMES, LANGUAGES, useText } from "../text/language";
import { useSignOut } from "./sign-out";
import styles from "./TopBar.module.css";
import { TEXTS } from "./text";

/** Who is signed in, how the app looks, and the way out. */
export function UserMenu() {
  const text = useText(TEXTS);
  const { user } = useSession();
  const signOut = useSignOut();
  const navigate = useNavigate();
  return (
    <Menu>
      <MenuTrigger disableButtonEnhancement>
        <Button
          appearance="transparent"
          shape="circular"
          aria-label={text.accountOf(user.name)}
          icon={<span className={styles.face} data-initials={initialsOf(user.name || user.email)} />}
        />
      </MenuTrigger>
      <MenuPopover>
        <div className={styles.who}>
          {user.name}
          <small>{user.email}</small>
        </div>
        <MenuList>
          <MenuItem icon={<Icon name="person" />} onClick={() => void navigate({ to: "/me" })}>
            {text.myAccount}
          </MenuItem>
          <LookMenu />
          <MenuItemLink icon={<Icon name="help" />} href="/docs" target="_blank" rel="noopener noreferrer">
            {text.help}
          </MenuItemLink>
          <MenuDivider />
          <MenuItem icon={<Icon name="leave" />} onClick={() => signOut.mutate()}>
            {text.signOut}
          </MenuItem>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

function LookMenu(): ReactElement {
  const text = useText(TEXTS);
  const { preferences, choose } = usePreferences();
  const { theme, density, language, time } = preferences;
  const onChange = (_: unknown, { name, checkedItems }: MenuCheckedValueChangeData): void => {
    const chosen = preferencesOf({ ...preferences, [name]: checkedItems[0] }, preferences);
    choose({ [name]: chosen[name as keyof Preferences] });
  };
  const chosen = { theme: [theme], density: [density], language: [language], time: [time] };
  return (
    <Menu checkedValues={chosen} onCheckedValueChange={onChange}>
      <MenuTrigger disableButtonEnhancement>
        <MenuItem icon={<Icon name="screen" />}>{text.groups.look}</MenuItem>
      </MenuTrigger>
      <MenuPopover>
        <MenuList hasCheckmarks>
          <Choices name="theme" label={text.theme} values={THEMES} textOf={text.themes} />
          <Choices name="density" label={text.density} values={DENSITIES} textOf={text.densities} />
          <Choices name="time" label={text.times} values={TIME_STYLES} textOf={text.timeStyles} />
          <Choices name="language" label={text.language} values={LANGUAGES} textOf={(each) => LANGUAGE_NAMES[each]} />
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

function Choices<Value extends string>({ name, label, values, textOf }: ChoicesProps<Value>) {
  return (
    <MenuGroup>
      <MenuGroupHeader>{label}</MenuGroupHeader>
      {values.map((value) => (
        <MenuItemRadio key={value} name={name} value={value}>
          {textOf(value)}
        </MenuItemRadio>
      ))}
    </MenuGroup>
  );
}

interface ChoicesProps<Value> {
  name: string;
  label: string;
  values: readonly Value[];
  textOf: (value: Value) => string;
}

/** Returns one or two letters of a name or of an address, such as `MA`. */
export function initialsOf(name: string): string {
  const parts = name
    .replace(/@.*$/, "")
    .split(/[\s._-]+/)
    .filter(Boolean);
  const letters = parts.length > 1 ? parts.slice(0, 2).map((part) => [...part][0]) : [...(parts[0] ?? "")].slice(0, 2);
  return letters.join("").toUpperCase();
}
