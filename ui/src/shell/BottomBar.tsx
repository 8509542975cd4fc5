/** The places of the app at the foot of a phone; those that do not fit are under one button. */

import { Menu, MenuItem, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import { Link, useLocation, useNavigate } from "@tanstack/react-router";
import { Icon } from "../kit/icons";
import { useSession } from "../session/session";
import { useText } from "../text/language";
import { type Place, placesOf, tabsOf } from "./places";
import { Waiting } from "./Rail";
import styles from "./Rail.module.css";
import { TEXTS } from "./text";
import { usePlaceCounts } from "./use-place-counts";

export function BottomBar() {
  const text = useText(TEXTS);
  const counts = usePlaceCounts();
  const { tabs, more } = tabsOf(placesOf(useSession()));
  return (
    <nav className={styles.bottom} aria-label={text.mainNavigation}>
      {tabs.map((place) => (
        <Tab key={place.id} place={place} count={counts[place.id] ?? null} />
      ))}
      {more.length > 0 && <More places={more} />}
    </nav>
  );
}

function Tab({ place, count }: { place: Place; count: string | null }) {
  const text = useText(TEXTS);
  const name = text.places[place.id];
  const label = count === null ? name : text.waiting(name, count);
  return (
    <Link to={place.path} className={styles.tab} activeProps={{ "aria-current": "page" }} aria-label={label}>
      <Icon name={place.icon} size={24} />
      <span>{name}</span>
      {count !== null && <Waiting className={styles.mark} count={count} />}
    </Link>
  );
}

function More({ places }: { places: readonly Place[] }) {
  const text = useText(TEXTS);
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const isHere = places.some(({ path }) => pathname.startsWith(path));
  return (
    <Menu>
      <MenuTrigger disableButtonEnhancement>
        <button type="button" className={styles.tab} aria-current={isHere ? "true" : undefined}>
          <Icon name="more" size={24} />
          <span>{text.more}</span>
        </button>
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          {places.map(({ id, path, icon }) => (
            <MenuItem key={id} icon={<Icon name={icon} />} onClick={() => void navigate({ to: path })}>
              {text.places[id]}
            </MenuItem>
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
