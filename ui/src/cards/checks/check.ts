/** What a check of a card says. */

export type CheckCode =
  | "NOT_A_CARD"
  | "VERSION_HIGH"
  | "VERSION_MISSING"
  | "PART_UNKNOWN"
  | "PART_NEWER"
  | "PROPERTY_NEWER"
  | "INPUT_WITHOUT_ID"
  | "INPUT_ID_TWICE"
  | "INPUT_WITHOUT_LABEL"
  | "ACTION_WITHOUT_DATA"
  | "APPROVAL_WITHOUT_APPROVE"
  | "APPROVAL_WITHOUT_REJECT"
  | "APPROVAL_WITHOUT_COMMENT"
  | "IMAGE_NOT_HTTPS"
  | "IMAGE_WITHOUT_TEXT"
  | "LINK_NOT_SAFE"
  | "VALUE_MISSING"
  | "CHOICE_UNKNOWN"
  | "TOO_LARGE"
  | "TEXT_NOT_TEXT"
  | "CONTRAST_LOW";

export interface Check {
  code: CheckCode;
  /** Errors keep a card from being activated. */
  level: "error" | "warning";
  /** The part. */
  pointer: string;
  /** The property, empty for the part itself. */
  property: string;
  /** What the text of the finding names: an id, a version, a number. */
  detail: string;
}
