import { Tab, TabList } from "@fluentui/react-components";
import { useText } from "../../text/language";
import { PANES, type Pane } from "./address";
import { TEXTS } from "./text";

/** What is worked on: the parts, the JSON, the sample data, or another version beside this one. */
export function Panes({ pane, onPane }: { pane: Pane; onPane: (pane: Pane) => void }) {
  const text = useText(TEXTS);
  return (
    <TabList
      aria-label={text.panes}
      size="small"
      selectedValue={pane}
      onTabSelect={(_, { value }) => onPane(PANES.find((each) => each === value) ?? "design")}
    >
      {PANES.map((each) => (
        <Tab key={each} value={each}>
          {text.paneNames[each]}
        </Tab>
      ))}
    </TabList>
  );
}
