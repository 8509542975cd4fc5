import { FieldContextProvider } from "@fluentui/react-components";
import type { ReactNode } from "react";

/** Controls that do not take the label of the field around them: of several in one field only one may have it. */
export function Apart({ children }: { children: ReactNode }) {
  return <FieldContextProvider value={undefined}>{children}</FieldContextProvider>;
}
