export const english = {
  title: "Used by",
  none: "No workflow names it. A name that an expression computes is not known here.",
  warning: (count: number) => (count === 1 ? "1 workflow uses it:" : `${count} workflows use it:`),
  version: (version: number) => `version ${version}`,
  states: { ACTIVE: "Active", DRAFT: "Draft" },
  setting: "a setting of the workflow",
};

export type UsesText = typeof english;
