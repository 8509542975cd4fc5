export const english = {
  graph: "Graph",
  area: "Graph, scrolls",
  zoom: "Size of the graph",
  smaller: "Smaller",
  larger: "Larger",
  fit: "Fit",
  body: "for each item",
  items: (count: number) => (count === 1 ? "1 item" : `${count} items`),
  notReached: "Not reached",
};

export type GraphText = typeof english;
