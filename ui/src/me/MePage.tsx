import { Page } from "../kit/Page";
import { useText } from "../text/language";
import { TEXTS } from "./text";

export function MePage() {
  const text = useText(TEXTS);
  return (
    <Page title={text.title} width="text">
      <p />
    </Page>
  );
}
