export const english = {
  title: "Cards",
  search: "Search by name or id",
  onlyDrafts: "With a draft",
  create: "New card",
  createVerb: "Create the card",
  empty: "There is no card yet",
  emptyHint: "A card is what people see and answer: in their inbox, in Teams, on a phone.",
  noMatch: "No card fits",
  name: "Name",
  active: (version: number) => `Version ${version} active`,
  neverActive: "Never active",
  draft: (version: number) => `Draft ${version}`,
  usedBy: (count: number) =>
    count === 0 ? "used by no workflow" : count === 1 ? "used by 1 workflow" : `used by ${count} workflows`,
  actsOf: (name: string) => `Actions of ${name}`,
  duplicate: "Duplicate",
  duplicateOf: (name: string) => `Duplicate “${name}”`,
  copyOf: (name: string) => `Copy of ${name}`,
  activate: (version: number) => `Activate version ${version}`,
  activateOf: (name: string, version: number) => `Activate version ${version} of “${name}”?`,
  activateHint:
    "Workflows that name the newest active version use it for cards that they send from then on. Cards that were sent stay as they are.",
  nothingToActivate: "Nothing to activate",
  delete: "Delete",
  deleteOf: (name: string) => `Delete the card “${name}”?`,
  deleteHint: "All of its versions are deleted. A workflow that names it cannot be started any more.",
  noPicture: "No picture",
};

export type CardListText = typeof english;
