/** Views that the reader has saved: choose one, save what is on the screen, delete the one that is. */

import {
  Button,
  Field,
  Input,
  Menu,
  MenuDivider,
  MenuItem,
  MenuItemRadio,
  MenuList,
  MenuPopover,
  MenuTrigger,
} from "@fluentui/react-components";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Confirm } from "../../kit/Confirm";
import { Icon } from "../../kit/icons";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import type { HistorySearch } from "./history-search";
import { useViews } from "./use-views";
import { isSameSearch, LONGEST_NAME, MOST_VIEWS, withoutView, withView } from "./views";

export function ViewsMenu({ search }: { search: HistorySearch }) {
  const text = useText(TEXTS).history;
  const navigate = useNavigate();
  const { views, change } = useViews();
  const [isNaming, setIsNaming] = useState(false);
  const current = views.find((view) => isSameSearch(view.search, search));
  const show = (name: string | undefined): void => {
    const chosen = views.find((view) => view.name === name);
    if (chosen !== undefined) void navigate({ to: "/executions", search: chosen.search });
  };
  return (
    <>
      <Menu
        checkedValues={{ view: current === undefined ? [] : [current.name] }}
        onCheckedValueChange={(_, { checkedItems }) => show(checkedItems[0])}
      >
        <MenuTrigger disableButtonEnhancement>
          <Button appearance="subtle" icon={<Icon name="filter" size={16} />}>
            {current?.name ?? text.views}
          </Button>
        </MenuTrigger>
        <MenuPopover>
          <MenuList>
            {views.map(({ name }) => (
              <MenuItemRadio key={name} name="view" value={name}>
                {name}
              </MenuItemRadio>
            ))}
            {views.length > 0 && <MenuDivider />}
            <MenuItem disabled={views.length >= MOST_VIEWS} onClick={() => setIsNaming(true)}>
              {text.saveView}
            </MenuItem>
            {current !== undefined && (
              <MenuItem onClick={() => change.mutate((all) => withoutView(all, current.name))}>
                {text.deleteView(current.name)}
              </MenuItem>
            )}
          </MenuList>
        </MenuPopover>
      </Menu>
      {isNaming && <NameDialog search={search} onClose={() => setIsNaming(false)} />}
    </>
  );
}

function NameDialog({ search, onClose }: { search: HistorySearch; onClose: () => void }) {
  const text = useText(TEXTS).history;
  const { views, change } = useViews();
  const [typed, setTyped] = useState("");
  const name = typed.trim();
  const isKnown = views.some((view) => view.name === name);
  const save = (): void =>
    change.mutate((all) => withView(all, { name, search }), {
      onSuccess: onClose,
    });
  return (
    <Confirm
      title={text.saveViewTitle}
      verb={isKnown ? text.replaceView : text.saveViewVerb}
      isBusy={name === "" || change.isPending}
      error={change.error}
      onConfirm={save}
      onClose={onClose}
    >
      <Field label={text.viewName} hint={text.viewHint}>
        <Input value={typed} maxLength={LONGEST_NAME} onChange={(_, { value }) => setTyped(value)} />
      </Field>
    </Confirm>
  );
}
