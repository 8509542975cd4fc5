/** A number as it is typed: digits behind the 0 of a new condition count, and what is no number is refused. */

import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, it } from "vitest";
import { NumberField } from "../../src/kit/fields/NumberField";

function Limit({ onChange }: { onChange: (value: unknown) => void }) {
  const [value, setValue] = useState<unknown>(0);
  const change = (next: unknown): void => {
    setValue(next);
    onChange(next);
  };
  return <NumberField label="Limit" name="limit" value={value} onChange={change} />;
}

it.each([
  ["1000", "1000", 1000],
  [".5", "0.5", 0.5],
])("takes %s typed behind a 0 as %s", async (typed, shown, value) => {
  let last: unknown;
  render(<Limit onChange={(next) => (last = next)} />);
  const field = screen.getByLabelText<HTMLInputElement>("Limit");
  await userEvent.type(field, typed);
  expect(field.value).toBe(shown);
  expect(last).toBe(value);
  expect(screen.queryByText(/the former value is kept/)).toBeNull();
});

it("refuses what is no number, and says that the former value is kept", async () => {
  let last: unknown;
  render(<Limit onChange={(next) => (last = next)} />);
  await userEvent.type(screen.getByLabelText("Limit"), "x");
  expect(screen.queryByText(/the former value is kept/)).not.toBeNull();
  expect(last).toBeUndefined();
});
