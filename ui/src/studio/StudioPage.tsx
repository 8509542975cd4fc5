/** The Studio: one version of a workflow, drawn and edited. */

import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../api/context";
import { versionQuery } from "../api/queries/studio";
import { Answer } from "../kit/Answer";
import { useIsPhone } from "../kit/theme";
import { Guarded } from "../session/Guarded";
import { Editor } from "./screen/Editor";
import { Reading } from "./screen/Reading";

export function StudioPage() {
  const { workflowId, version } = useParams({ from: "/shell/workflows/$workflowId/v/$version" });
  // Saving an active version makes a draft, whose address is another one; the editor stays as it is.
  const [open, setOpen] = useState({ workflowId, asked: version, became: version });
  if (open.workflowId !== workflowId || open.became !== version) {
    setOpen({ workflowId, asked: version, became: version });
  }
  return (
    <Guarded permission="read.definitions">
      <Version
        key={`${open.workflowId} ${open.asked}`}
        workflowId={open.workflowId}
        version={open.asked}
        onVersion={(became) => setOpen({ ...open, became })}
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
