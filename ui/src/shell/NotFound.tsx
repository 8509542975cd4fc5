import { Link } from "@tanstack/react-router";
import { Empty } from "../kit/states/Empty";
import { useText } from "../text/language";
import { TEXTS } from "./text";

/** An address that no page has. */
export function NotFound() {
  const text = useText(TEXTS);
  return (
    <main>
      <Empty icon="search" title={text.notFound} action={<Link to="/">{text.toStart}</Link>} isPage>
        {text.notFoundHint}
      </Empty>
    </main>
  );
}
