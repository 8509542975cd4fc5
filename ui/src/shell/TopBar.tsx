/** The bar at the top: the organization at the left, what is always there at the right. */

import { Button, Tooltip } from "@fluentui/react-components";
import { Icon } from "../kit/icons";
import { useIsOnline } from "../kit/states/offline";
import { useIsPhone } from "../kit/theme";
import { useText } from "../text/language";
import { SHARED } from "../text/shared";
import { OrganizationSwitch } from "./OrganizationSwitch";
import styles from "./TopBar.module.css";
import { TEXTS } from "./text";
import { UserMenu } from "./UserMenu";

interface TopBarProps {
  onSearch: () => void;
  onShortcuts: () => void;
}

export function TopBar({ onSearch, onShortcuts }: TopBarProps) {
  const text = useText(TEXTS);
  const isPhone = useIsPhone();
  return (
    <header className={styles.bar}>
      <OrganizationSwitch />
      <span className={styles.grow} />
      {isPhone ? (
        <Button appearance="subtle" icon={<Icon name="search" />} onClick={onSearch} aria-label={text.search} />
      ) : (
        <>
          <button type="button" className={styles.find} onClick={onSearch}>
            <Icon name="search" size={16} />
            <span className={styles.cut}>{text.search}</span>
            <kbd className={styles.key}>Ctrl K</kbd>
          </button>
          <LiveDot />
          <Tooltip content={text.shortcuts} relationship="label">
            <Button appearance="subtle" icon={<Icon name="help" />} onClick={onShortcuts} />
          </Tooltip>
        </>
      )}
      <UserMenu />
    </header>
  );
}

function LiveDot() {
  const shared = useText(SHARED);
  return useIsOnline() ? <span className={styles.live}>{shared.live}</span> : null;
}
