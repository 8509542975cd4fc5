import type { CheckCode } from "../checks/check";
import type { CommandName, Refusal } from "../document/commands";

/** The texts of findings; `detail` is an id, a version or a number. */
export const checks: Readonly<Record<CheckCode, (detail: string) => string>> = {
  NOT_A_CARD: () => "The type of the whole must be AdaptiveCard.",
  VERSION_HIGH: (version) => `Teams shows cards up to version 1.5; this one says ${version}.`,
  VERSION_MISSING: () => "The card says no version; 1.5 fits Teams.",
  PART_UNKNOWN: (type) => `The type “${type}” is not known; readers may leave the part out.`,
  PART_NEWER: (since) => `This part exists since version ${since}, and the card says an older one.`,
  PROPERTY_NEWER: (since) => `This property exists since version ${since}, and the card says an older one.`,
  INPUT_WITHOUT_ID: () => "A field needs an id: its value is sent under it.",
  INPUT_ID_TWICE: (id) => `Another field has the id “${id}”; only one of them would be sent.`,
  INPUT_WITHOUT_LABEL: () => "A field needs a label, so that all readers know what belongs in it.",
  ACTION_WITHOUT_DATA: () => 'The data of a button that answers need an “action”, such as {"action": "approve"}.',
  APPROVAL_WITHOUT_APPROVE: () => "An approval needs a button whose action is “approve”.",
  APPROVAL_WITHOUT_REJECT: () => "An approval needs a button whose action is “reject”.",
  APPROVAL_WITHOUT_COMMENT: () => "A text field with the id “comment” lets the approver say why.",
  IMAGE_NOT_HTTPS: () => "An image must have an address with https://.",
  IMAGE_WITHOUT_TEXT: () => "An image needs a text in its place, for people who do not see it.",
  LINK_NOT_SAFE: () => "A link must begin with https://, http:// or mailto:. Nothing else is opened.",
  VALUE_MISSING: () => "This is still empty.",
  CHOICE_UNKNOWN: (value) => `“${value}” is none of the values; readers take the usual one.`,
  TEXT_NOT_TEXT: (value) =>
    `On this data the text is the value ${value} and no text; readers show nothing. Write ${"${string(…)}"} around it.`,
  TOO_LARGE: (kilobytes) => `On this data the card has ${kilobytes} KB; Teams takes 28 KB.`,
  CONTRAST_LOW: (ratio) => `This color is hard to read on its background in Teams: contrast ${ratio}, needed is 4.5.`,
};

/** What undo and redo change. */
export const commands: Readonly<Record<CommandName, (subject: string) => string>> = {
  add: (subject) => `add ${subject}`,
  set: (subject) => `change ${subject}`,
  remove: (subject) => `remove ${subject}`,
  move: (subject) => `move ${subject}`,
  duplicate: (subject) => `duplicate ${subject}`,
  paste: () => "paste",
  json: () => "edit as JSON",
  takeOver: (by) => `take over the changes of ${by === "" ? "another person" : by}`,
};

export const refusals: Readonly<Record<Refusal, string>> = {
  "no-place": "This part has no place there.",
  root: "The card itself cannot be moved, copied or removed.",
  nothing: "Nothing changes by this.",
  "into-itself": "A part cannot be put into itself.",
  "no-room": "The part is at the end; it cannot go further.",
  "no-card": "The clipboard has no card and no part of one. Nothing was pasted.",
  "too-large": "The clipboard has more than a card may have. Nothing was pasted.",
};
