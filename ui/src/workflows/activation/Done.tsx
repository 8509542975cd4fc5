import { Link } from "@tanstack/react-router";
import { Note } from "../../kit/Note";
import { Problem } from "../../kit/states/Problem";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import type { Moved } from "./use-activate";

/** The version is active; and what becomes of the executions that are moved to it. */
export function Done({ version, moved }: { version: number; moved: Moved }) {
  const { activation: text } = useText(TEXTS);
  return (
    <>
      <Note tone="done">{text.done(version)}</Note>
      {moved.kind === "bulk" && (
        <p>
          {text.moving(moved.count)}{" "}
          <Link to="/operations/bulks/$bulkId" params={{ bulkId: moved.bulkId }}>
            {text.progress}
          </Link>
        </p>
      )}
      {moved.kind === "failed" && (
        <>
          <p>{text.notMoved}</p>
          <Problem error={moved.error} shape="bar" />
        </>
      )}
    </>
  );
}
