/** The Studio: one version of a workflow, drawn and edited. */

import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../api/context";
import { versionQuery } from "../api/queries/studio/definitions";
import { Answer } from "../kit/Answer";
import { useIsPhone } from "../kit/theme";
import { Guarded } from "../session/Guarded";
import { Editor } from "./screen/Editor";
import { Reading } from "./screen/Reading";

/** One opening of the editor: the version that it was opened with, and the one that its address has. */
interface Opening {
  workflowId: string;
  opened: string;
  shown: string;
  /** Saving an active version makes a draft, whose address is another one; the editor stays as it is. */
  became: string;
}

export function StudioPage() {
  const { workflowId, version } = useParams({ from: "/shell/workflows/$workflowId/v/$version" });
  const [open, setOpen] = useState<Opening>({ workflowId, opened: version, shown: version, became: version });
  if (open.workflowId !== workflowId || (version !== open.shown && version !== open.became)) {
    setOpen({ workflowId, opened: version, shown: version, became: version });
  } else if (version !== open.shown) setOpen({ ...open, shown: version });
  return (
    <Guarded permission="read.definitions">
      <Version
        key={`${open.workflowId} ${open.opened}`}
        workflowId={open.workflowId}
        version={open.opened}
        onVersion={(became) => setOpen((before) => ({ ...before, became }))}
      />
    </Guarded>
  );
}

interface VersionProps {
  workflowId: string;
  version: string;
  onVersion: (version: string) => void;
}

function Version({ workflowId, version, onVersion }: VersionProps) {
  const isPhone = useIsPhone();
  const query = useQuery(versionQuery(useApi(), workflowId, version));
  return (
    <Answer query={query} rows={8}>
      {(opened) => (isPhone ? <Reading opened={opened} /> : <Editor opened={opened} onVersion={onVersion} />)}
    </Answer>
  );
}
