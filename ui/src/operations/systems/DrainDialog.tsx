import { Field, Input } from "@fluentui/react-components";
import { useState } from "react";
import { Confirm } from "../../kit/Confirm";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import { useSystemAct } from "./act";

const USUAL_RATE = "5";

/** Lets what waits for a system go at a fixed rate. */
export function DrainDialog({ target, onClose }: { target: string; onClose: () => void }) {
  const { systems: text, codes } = useText(TEXTS);
  const [typed, setTyped] = useState(USUAL_RATE);
  const rate = Number(typed.replace(",", "."));
  const drain = useSystemAct(({ call }) => call("drainTarget", { target, rate }), onClose);
  return (
    <Confirm
      title={text.drainTitle(target)}
      verb={text.drain}
      isBusy={drain.isPending || !(rate > 0)}
      error={drain.error}
      words={codes}
      onConfirm={() => drain.mutate()}
      onClose={onClose}
    >
      <p>{text.drainHint}</p>
      <Field label={text.rate}>
        <Input inputMode="decimal" value={typed} onChange={(_, { value }) => setTyped(value)} />
      </Field>
    </Confirm>
  );
}
