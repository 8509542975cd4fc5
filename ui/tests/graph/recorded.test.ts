/** Exits, regions and joins are those that the server finds. */

import { describe, expect, it } from "vitest";
import { layoutOf } from "../../src/graph/layout";
import { readOutline } from "../../src/graph/outline";
import { findRegions } from "../../src/graph/regions";
import recorded from "../recorded/outlines.json";

describe.each(recorded)(
  "the definition of $name",
  ({ workflow_steps, workflow_connections, exits, regions, joins }) => {
    const outline = readOutline(workflow_steps, workflow_connections);

    it("has the exits and regions of the server", () => {
      const found = findRegions(outline);
      expect(Object.fromEntries([...outline.steps].map(([id, step]) => [id, step.exits]))).toEqual(exits);
      expect(Object.fromEntries(found.of)).toEqual(regions);
      expect(Object.fromEntries(found.joins)).toEqual(joins);
    });

    it("is laid out whole", () => {
      expect(layoutOf(outline).nodes).toHaveLength(outline.steps.size);
    });
  },
);
