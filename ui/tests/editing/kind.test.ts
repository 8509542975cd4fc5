/** Who is named where two authors meet. */

import { describe, expect, it } from "vitest";
import { type Authors, lastAuthor } from "../../src/editing/keeping/kind";

const MADE: Authors = { created_by: "user-1", created_by_name: "Ada", modified_by: null };

describe("the last author of a record", () => {
  it.each<[string, Authors, string]>([
    ["by name", { ...MADE, modified_by: "user-2", modified_by_name: "Ben" }, "Ben"],
    ["by its id where it has no name, and not by that of another author", { ...MADE, modified_by: "key-7" }, "key-7"],
    ["who made it, where it is as it was made", MADE, "Ada"],
    ["the id of who made it, where that has no name", { created_by: "key-7", modified_by: null }, "key-7"],
    ["nothing where it is not known", { created_by: null, modified_by: null }, ""],
  ])("is %s", (_, record, name) => {
    expect(lastAuthor(record)).toBe(name);
  });
});
