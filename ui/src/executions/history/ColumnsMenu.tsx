import { Button, Menu, MenuItemCheckbox, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import { Icon } from "../../kit/icons";
import { useMay } from "../../session/session";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import { COLUMNS, type ColumnId } from "./history-search";

/** Which columns the table has. */
export function ColumnsMenu({ hidden, onHide }: ColumnsMenuProps) {
  const text = useText(TEXTS).history;
  // Values of search fields are data, which the server does not send to every reader.
  const mayRead = useMay("read.payloads");
  const isMissing = (column: ColumnId): boolean => column === "fields" && !mayRead;
  const shown = COLUMNS.filter((column) => !hidden.includes(column) && !isMissing(column));
  return (
    <Menu
      checkedValues={{ shown: [...shown] }}
      onCheckedValueChange={(_, { checkedItems }) =>
        onHide(COLUMNS.filter((column) => !checkedItems.includes(column) && !isMissing(column)))
      }
      persistOnItemClick
    >
      <MenuTrigger disableButtonEnhancement>
        <Button appearance="subtle" icon={<Icon name="table" size={16} />}>
          {text.columns}
        </Button>
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          {COLUMNS.map((column) => (
            <MenuItemCheckbox key={column} name="shown" value={column} disabled={isMissing(column)}>
              {isMissing(column) ? text.noFields("read.payloads") : text.heads[column]}
            </MenuItemCheckbox>
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

interface ColumnsMenuProps {
  hidden: readonly ColumnId[];
  onHide: (hidden: readonly ColumnId[]) => void;
}
