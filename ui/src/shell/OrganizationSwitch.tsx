import {
  Button,
  Menu,
  type MenuCheckedValueChangeData,
  MenuItemRadio,
  MenuList,
  MenuPopover,
  MenuTrigger,
} from "@fluentui/react-components";
import { Icon } from "../kit/icons";
import { useSession } from "../session/session";
import { useText } from "../text/language";
import { useChooseOrganization } from "./organizations";
import styles from "./TopBar.module.css";
import { TEXTS } from "./text";

/** The organization of the session; a menu where the person is a member of several. */
export function OrganizationSwitch() {
  const text = useText(TEXTS);
  const { organization, organizations } = useSession();
  const choose = useChooseOrganization();
  if (organizations.length < 2) return <span className={styles.organization}>{organization.name}</span>;
  const onChange = (_: unknown, { checkedItems }: MenuCheckedValueChangeData): void => {
    const [id] = checkedItems;
    if (id !== undefined && id !== organization.id) choose.mutate({ organizationId: id });
  };
  return (
    <Menu checkedValues={{ organization: [organization.id] }} onCheckedValueChange={onChange}>
      <MenuTrigger disableButtonEnhancement>
        <Button appearance="subtle" iconPosition="after" icon={<Icon name="down" size={12} />}>
          {organization.name}
        </Button>
      </MenuTrigger>
      <MenuPopover>
        <MenuList aria-label={text.organization}>
          {organizations.map(({ id, name }) => (
            <MenuItemRadio key={id} name="organization" value={id}>
              {name}
            </MenuItemRadio>
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
