import { Field, Input } from "@fluentui/react-components";
import { useState } from "react";
import { Confirm } from "../../kit/Confirm";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import { useSystemAct } from "./act";

/** Stops all calls of a system for its maintenance; executions wait for the end. */
export function PauseDialog({ target, onClose }: { target: string; onClose: () => void }) {
  const { systems: text, codes } = useText(TEXTS);
  const [name, setName] = useState(target);
  const [from, setFrom] = useState("");
  const [until, setUntil] = useState("");
  const [reason, setReason] = useState("");
  const begin = instantOf(from);
  const end = instantOf(until);
  const pause = useSystemAct(
    ({ call }) =>
      call("pauseTarget", {
        target: name.trim(),
        until: end ?? 0,
        reason: reason.trim(),
        ...(begin !== null && { from: begin }),
      }),
    onClose,
  );
  return (
    <Confirm
      title={text.pauseTitle}
      verb={text.pause}
      isBusy={pause.isPending || name.trim() === "" || end === null}
      error={pause.error}
      words={codes}
      onConfirm={() => pause.mutate()}
      onClose={onClose}
    >
      <p>{text.pauseHint}</p>
      <Field label={text.system} hint={text.systemHint} required>
        <Input value={name} onChange={(_, { value }) => setName(value)} />
      </Field>
      <Field label={text.from} hint={text.fromHint}>
        <Input type="datetime-local" value={from} onChange={(_, { value }) => setFrom(value)} />
      </Field>
      <Field label={text.until} required>
        <Input type="datetime-local" value={until} onChange={(_, { value }) => setUntil(value)} />
      </Field>
      <Field label={text.why}>
        <Input value={reason} maxLength={2000} onChange={(_, { value }) => setReason(value)} />
      </Field>
    </Confirm>
  );
}

/** Returns the instant of a field for date and time, which has the time zone of the browser; null for none. */
export function instantOf(local: string): number | null {
  const at = local === "" ? Number.NaN : new Date(local).getTime();
  return Number.isFinite(at) ? at : null;
}
