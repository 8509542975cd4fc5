/** Why a request does not move, in words for the person who asked for it. */

import type { Schema } from "../api/types";
import type { Texts } from "../text/language";

type Reason = Schema<"RequestReasonItem">;
type Say = (reason: Reason) => string;
/** The sentence of each kind of what holds an execution. */
type Kinds = Readonly<Record<Reason["verdict"], string>>;

const ENGLISH: Kinds = {
  INCIDENT: "It is stopped by a failure, which an operator looks after.",
  WAITS_FOR_TARGET: "It waits for a system that is not called at present.",
  WAITS_FOR_PERSON: "It waits for an answer to another request.",
  WAITS_FOR_CALL: "It waits for a call of another system.",
  WAITS_FOR_TIME: "It pauses for some time.",
  WAITS_FOR_CHILD: "It waits for another workflow.",
  QUEUED: "It is queued: others of its workflow are before it.",
  RETRYING: "A call failed and is made again.",
  CALL_IN_FLIGHT: "A call is under way.",
  STORE_OR_CLOCK: "The server takes no new work at the moment.",
  ORPHAN: "Nothing will move it, which an operator looks after.",
  SUSPENDED: "The schedule of its workflow is paused.",
  MOVES: "It moves.",
  ENDED: "It has ended.",
};

const GERMAN: Kinds = {
  INCIDENT: "Ein Fehler hält den Ablauf an; darum kümmert sich der Betrieb.",
  WAITS_FOR_TARGET: "Der Ablauf wartet auf ein System, das derzeit nicht aufgerufen wird.",
  WAITS_FOR_PERSON: "Der Ablauf wartet auf die Antwort auf eine andere Anfrage.",
  WAITS_FOR_CALL: "Der Ablauf wartet auf den Aufruf eines anderen Systems.",
  WAITS_FOR_TIME: "Der Ablauf pausiert für einige Zeit.",
  WAITS_FOR_CHILD: "Der Ablauf wartet auf einen anderen Workflow.",
  QUEUED: "Der Ablauf steht an: andere desselben Workflows sind vor ihm.",
  RETRYING: "Ein Aufruf ist fehlgeschlagen und wird wiederholt.",
  CALL_IN_FLIGHT: "Ein Aufruf läuft gerade.",
  STORE_OR_CLOCK: "Der Server nimmt im Moment keine Arbeit an.",
  ORPHAN: "Nichts wird den Ablauf bewegen; darum kümmert sich der Betrieb.",
  SUSPENDED: "Der Zeitplan des Workflows ist angehalten.",
  MOVES: "Der Ablauf bewegt sich.",
  ENDED: "Der Ablauf ist beendet.",
};

const sayer =
  (kinds: Kinds, waits: (step: string, who: string) => string, and: string): Say =>
  ({ verdict, step, who }) =>
    step === null ? kinds[verdict] : waits(step, who.join(and));

export const REASONS: Texts<Say> = {
  en: sayer(ENGLISH, (step, who) => `“${step}” waits for ${who || "its recipients"}.`, " and "),
  de: sayer(GERMAN, (step, who) => `„${step}“ wartet auf ${who || "die Empfänger"}.`, " und "),
};
