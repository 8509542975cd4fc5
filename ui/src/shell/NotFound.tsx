import { Link } from "@tanstack/react-router";
import { Empty } from "../kit/Empty";
import { useText } from "../text/language";
import { TEXTS } from "./text";

/** An address that no page has. */
export function NotFound() {
  const text = useText(TEXTS);
  return (
    <Empty icon="search" title={text.notFound} action={<Link to="/">{text.toStart}</Link>}>
      {text.notFoundHint}
    </Empty>
  );
}
