/** What became of an answer, and why a card takes none. */

import { Note } from "../../kit/Note";
import { Problem } from "../../kit/states/Problem";
import { useSession } from "../../session/session";
import { useText } from "../../text/language";
import { useTimes } from "../../text/time";
import { TEXTS } from "../text";
import type { Result } from "./bulk";
import { type CardItem, decisionOf, endOf, raceText } from "./decide";
import type { Outcome } from "./use-held";

/** Of an answer that was not recorded. */
export function ResultNote({ result, item }: { result: Result; item: CardItem }) {
  const text = useText(TEXTS);
  const reader = useSession().user.email;
  const { formats, now } = useTimes();
  const words = (): string => {
    // Where one of several decides, the cards of the others close.
    const race = result.code === "CLOSED" ? endOf(item) : result;
    switch (race === result || race === null ? result.result : "already answered") {
      case "already answered":
        return raceText(text.race, race ?? result, (at) => formats.short(at, now), reader);
      case "changed":
        return text.changed;
      case "unknown":
        return text.unknown;
      case "refused":
        return text.codes[result.code ?? ""] ?? text.refused(result.text ?? "");
      case "recorded":
        return "";
    }
  };
  return <Note tone="warning">{words()}</Note>;
}

/** Of a decision of a key after it was sent, beside another request by then. */
export function HeldOutcome({ decision: { item, subject, action }, result, error }: Outcome) {
  const text = useText(TEXTS);
  if (result?.result === "recorded") return <Note>{text.recorded(action.title, subject)}</Note>;
  return (
    <>
      <p>{text.held.failed(action.title, subject)}</p>
      {result === undefined ? (
        <Problem error={error} words={text.codes} shape="bar" />
      ) : (
        <ResultNote result={result} item={item} />
      )}
    </>
  );
}

/** Of a card that takes no answer. */
export function StatusNote({ item }: { item: CardItem }) {
  const { outcomes: text, race } = useText(TEXTS);
  const { formats, now } = useTimes();
  switch (item.status) {
    case "OPEN":
      return null;
    case "FROZEN":
      return <Note tone="warning">{text.frozen}</Note>;
    case "CLOSED":
      return (
        <Note tone="warning">
          {item.passed_to === null
            ? (text.reasons[item.closed_reason ?? ""] ?? text.closed)
            : text.passedTo(item.passed_to)}
        </Note>
      );
    case "ANSWERED": {
      const { answered_by, answered_for, answered_on, decision } = item;
      const name = answered_by || race.someone;
      const by = answered_for ? race.forOther(name, answered_for) : name;
      const at = answered_on === null ? "" : formats.short(answered_on, now);
      const outcome = decisionOf(decision ?? "");
      const decided = outcome === null ? (decision ?? "") : text.decisions[outcome];
      return <Note>{text.answered(by, at, decided)}</Note>;
    }
  }
}
