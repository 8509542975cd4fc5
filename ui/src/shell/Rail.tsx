/** The places of the app: a rail at the left, a bar at the foot of a phone. */

import { Tooltip } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import { Icon, Logo } from "../kit/icons";
import { usePreferences } from "../session/preferences";
import { useSession } from "../session/session";
import { useText } from "../text/language";
import { SHARED } from "../text/shared";
import { type Place, placesOf } from "./places";
import styles from "./Rail.module.css";
import { TEXTS } from "./text";
import { useIncidentCount } from "./use-incident-count";
import { useOpenCount } from "./use-open-count";

export function Rail() {
  const text = useText(TEXTS);
  const shared = useText(SHARED);
  const { preferences, choose } = usePreferences();
  const isOpen = preferences.isRailOpen;
  const counts = useCounts();
  return (
    <nav className={isOpen ? styles.open : styles.rail} aria-label={text.mainNavigation}>
      <div className={styles.logo}>
        <Logo />
        {isOpen && <span>{shared.product}</span>}
      </div>
      <ul className={styles.places}>
        {placesOf(useSession()).map((place) => (
          <li key={place.id}>
            <PlaceLink place={place} isOpen={isOpen} count={counts[place.id] ?? null} />
          </li>
        ))}
      </ul>
      <button
        type="button"
        className={styles.place}
        onClick={() => choose({ isRailOpen: !isOpen })}
        aria-label={isOpen ? text.narrow : text.widen}
      >
        <Icon name={isOpen ? "left" : "right"} />
        {isOpen && <span>{text.narrow}</span>}
      </button>
    </nav>
  );
}

/** Returns how much waits at the places that have something to do. */
function useCounts(): Partial<Record<Place["id"], string | null>> {
  return { inbox: useOpenCount(), operations: useIncidentCount() };
}

interface PlaceLinkProps {
  place: Place;
  isOpen: boolean;
  /** How much waits there. */
  count: string | null;
}

function PlaceLink({ place, isOpen, count }: PlaceLinkProps) {
  const text = useText(TEXTS);
  const name = text.places[place.id];
  const label = count === null ? name : text.waiting(name, count);
  const link = (
    <Link to={place.path} className={styles.place} activeProps={{ "aria-current": "page" }} aria-label={label}>
      <Icon name={place.icon} />
      {isOpen && <span>{name}</span>}
      {count !== null && <Waiting className={isOpen ? styles.count : styles.mark} count={count} />}
    </Link>
  );
  if (isOpen) return link;
  return (
    <Tooltip content={label} relationship="label" positioning="after">
      {link}
    </Tooltip>
  );
}

/** A number that the name of the link has too; the style sheet draws it, so that it is read once. */
function Waiting({ count, className }: { count: string; className: string | undefined }) {
  return <span aria-hidden="true" className={className} data-count={count} />;
}

/** The same on a phone. */
export function BottomBar() {
  const text = useText(TEXTS);
  const counts = useCounts();
  return (
    <nav className={styles.bottom} aria-label={text.mainNavigation}>
      {placesOf(useSession()).map((place) => (
        <BottomLink key={place.id} place={place} count={counts[place.id] ?? null} />
      ))}
    </nav>
  );
}

function BottomLink({ place, count }: Omit<PlaceLinkProps, "isOpen">) {
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
