export const english = {
  value: "Value",
  others: "Other settings, as JSON",
};

export type SchemaFormText = typeof english;
