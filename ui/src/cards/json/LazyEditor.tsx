import { type ComponentProps, lazy, Suspense } from "react";
import { Loading } from "../../kit/states/Loading";
import type { JsonEditor } from "./JsonEditor";

const Editor = lazy(async () => ({ default: (await import("./JsonEditor")).JsonEditor }));

/** The editor, in a chunk of its own: who does not look at JSON does not load it. */
export function LazyEditor(props: ComponentProps<typeof JsonEditor>) {
  return (
    <Suspense fallback={<Loading rows={6} />}>
      <Editor {...props} />
    </Suspense>
  );
}
