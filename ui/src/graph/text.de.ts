import type { GraphText } from "./text.en";

export const german = {
  graph: "Graph",
  area: "Graph, lässt sich verschieben",
  zoom: "Größe des Graphen",
  smaller: "Kleiner",
  larger: "Größer",
  fit: "Einpassen",
  body: "für jedes Element",
  items: (count) => (count === 1 ? "1 Element" : `${count} Elemente`),
  notReached: "Nicht erreicht",
} satisfies GraphText;
