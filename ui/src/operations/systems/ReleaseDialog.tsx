import { Confirm } from "../../kit/Confirm";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import { useSystemAct } from "./act";

/** Calls a system as usual again, at once. */
export function ReleaseDialog({ target, onClose }: { target: string; onClose: () => void }) {
  const { systems: text, codes } = useText(TEXTS);
  const release = useSystemAct(({ call }) => call("releaseTarget", { target }), onClose);
  return (
    <Confirm
      title={text.releaseTitle(target)}
      verb={text.release}
      isBusy={release.isPending}
      error={release.error}
      words={codes}
      onConfirm={() => release.mutate()}
      onClose={onClose}
    >
      <p>{text.releaseHint}</p>
    </Confirm>
  );
}
