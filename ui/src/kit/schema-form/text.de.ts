import type { SchemaFormText } from "./text.en";

export const german: SchemaFormText = {
  value: "Wert",
  others: "Weitere Einstellungen, als JSON",
};
