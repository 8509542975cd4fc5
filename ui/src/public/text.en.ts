/** The English texts of the page; their type is what every other language must have. */

import type { CloseReason, Decision, Tried } from "./words";

export const english = {
  locale: "en",
  loading: "Loading the request …",
  request: "Request",
  facts: {
    recipient: (name: string) => `For ${name}`,
    openedOn: "Sent",
    answerBy: "Answer by",
    requester: (name: string) => `Requested by ${name}`,
  },
  quorum: (needed: number, recipients: number, isSequence: boolean) =>
    `${needed} of ${recipients} must approve${isSequence ? ", one after the other" : ""}.`,
  decisionsSoFar: "Decisions so far",
  decision: (decision: Decision) => ({ approved: "approved", rejected: "rejected" })[decision],
  sending: "Sending your answer …",
  code: {
    title: "A code is needed for your answer",
    text: (recipient: string) => `It is on its way to ${recipient} by mail, and can be used for ten minutes.`,
    label: "Code of six digits",
    verb: "Send my answer",
    again: "Send a new code",
    notSent: "The code could not be sent",
  },
  signIn: {
    title: "This request is answered after signing in",
    text: "The link shows it, but only the recipient can answer it.",
    open: "Sign in and answer",
  },
  person: {
    title: "One more step",
    text: (digits: string) => `Programs that check mails open links too. Type ${digits} to show that you are not one.`,
    label: "The three digits",
    verb: "Send my answer",
  },
  recorded: {
    title: "Thank you. Your answer is recorded.",
    decision: "Your decision",
    sent: "Sent",
    close: "You can close this page.",
  },
  answered: {
    title: "Already answered",
    /** Empty texts are not known. The decision is that of one approver: several may have to approve. */
    text: (by: string, on: string, decision: string) =>
      `This request was answered${by && ` by ${by}`}${on && ` on ${on}`}${decision && ` (${decision})`}.`,
    arrived: "Your first answer had arrived",
  },
  late: { title: "Your click changed nothing", now: "Below is the request as it is now." },
  changed: { title: "The request has changed", text: "Nothing was recorded. Look at it again before you decide." },
  frozen: {
    title: "This request cannot be answered at the moment",
    text: "Something failed on the way, and an operator has to decide first. Open this page again later.",
  },
  closed: {
    title: "This request is closed",
    text: (reason: CloseReason) =>
      ({
        TIMED_OUT: "The time to answer is over.",
        TERMINATED: "The workflow was terminated.",
        DELETED: "The card was deleted.",
        CANCELLED: "The answer is no longer needed.",
        ENDED: "The workflow has ended.",
        OTHER: "No answer is needed any more.",
      })[reason],
    passedTo: (name: string) => `The request was passed on to ${name}.`,
  },
  invalid: {
    title: "This link is not valid",
    text: "It may be incomplete, or the request may have ended. Open the link from the original message again.",
  },
  refused: {
    title: "Your answer was not accepted",
    selfApproval: "The requester of an approval cannot decide it.",
    unknown: "The server did not accept the answer.",
  },
  failed: {
    load: "The request could not be loaded",
    send: "Your answer may not have arrived",
    kept: "What you filled in is kept.",
  },
  tried: (what: Tried) =>
    ({
      unreachable: "The server could not be reached. Check your connection.",
      busy: "The server cannot take the call at the moment.",
      unreadable: "The server's answer could not be read.",
    })[what],
  sendAgain: "Send again",
  tryAgain: "Try again",
  unshown: "This card cannot be shown",
  moreActions: "More options",
};

export type Text = typeof english;
