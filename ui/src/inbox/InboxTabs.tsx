import { Tabs } from "../kit/Tabs";
import { useText } from "../text/language";
import { TEXTS } from "./text";

/** The parts of the inbox, each with an address of its own. */
export function InboxTabs() {
  const { title, tabs } = useText(TEXTS);
  return (
    <Tabs
      label={title}
      tabs={[
        { to: "/inbox", text: tabs.open },
        { to: "/inbox/decided", text: tabs.decided },
        { to: "/inbox/requested", text: tabs.requested },
        { to: "/inbox/absence", text: tabs.absence },
      ]}
    />
  );
}
