/** Words that several areas use. */

import type { CallErrorKind } from "../api/errors";
import type { Role } from "../api/types";

export const english = {
  product: "Looply",
  loading: "Loading …",
  stillWorking: "Still working. This takes longer than usual.",
  cancel: "Cancel",
  close: "Close",
  save: "Save",
  saved: "Saved",
  retry: "Try again",
  copy: "Copy",
  copied: "Copied",
  more: "Load more",
  moreFollow: (count: string) => `${count} loaded, more follow`,
  all: (count: string) => `${count} in all`,
  dropFilters: "Drop all filters",
  learnMore: "Read how it works",
  newer: (count: number) => `${count} newer, show`,
  offline: "No connection. What you see may be old; changes are possible again when the server answers.",
  live: "Connected",
  requestId: (id: string) => `Request ${id}`,
  copyRequestId: "Copy the number of the request",
  retryIn: (seconds: number) => (seconds === 1 ? "Possible again in 1 second" : `Possible again in ${seconds} seconds`),
  needsPermission: (permission: string) =>
    `You need the right “${permission}”. Ask an administrator of this organization.`,
  needsPermissionOf: (permission: string, people: string) =>
    `You need the right “${permission}”. Ask an administrator of this organization: ${people}.`,
  required: "Required",
  never: "never",
  yes: "Yes",
  no: "No",
  actions: "Actions",
  tree: {
    items: (count: number) => (count === 1 ? "1 item" : `${count} items`),
    members: (count: number) => (count === 1 ? "1 entry" : `${count} entries`),
    whole: (length: number) => `Show all ${length} characters`,
  },
  roles: (role: Role) =>
    ({
      owner: "Owner",
      admin: "Administrator",
      developer: "Developer",
      operator: "Operator",
      viewer: "Viewer",
      approver: "Approver",
    })[role],
  /** Codes of errors that every screen may meet. */
  codes: {
    CONFIRM_REQUIRED: "Nothing was done: the password was not confirmed.",
  },
  problem: (kind: CallErrorKind) =>
    ({
      "signed-out": "You are signed out",
      forbidden: "You are not permitted to do this",
      "not-found": "This does not exist",
      conflict: "Something changed first",
      invalid: "The server did not accept this",
      "too-many": "Too many calls",
      "outcome-unknown": "It may have been done",
      unavailable: "The server cannot answer at the moment",
      offline: "The server could not be reached",
      unreadable: "The answer could not be read",
    })[kind],
  advice: (kind: CallErrorKind) =>
    ({
      "signed-out": "Sign in again to continue.",
      forbidden: "",
      "not-found": "It may have been deleted, or it belongs to another organization.",
      conflict: "Nothing was changed by you. Look at it again before you repeat.",
      invalid: "Nothing was changed.",
      "too-many": "Nothing was changed.",
      "outcome-unknown": "The answer was lost. Look whether it was done before you repeat it.",
      unavailable: "Nothing was changed.",
      offline: "Nothing was sent. Check your connection.",
      unreadable: "Reload the page. Where that does not help, the server and the page may be of different versions.",
    })[kind],
};

export type SharedText = typeof english;
