/** The new names of steps without which some executions could not continue with a version. */

import { Field, Select } from "@fluentui/react-components";
import { useText } from "../../text/language";
import { TEXTS } from "../text";

interface Needed {
  state: string;
  count: number;
  choices: readonly string[];
}

interface MappingsProps {
  needed: readonly Needed[];
  mapping: Readonly<Record<string, string>>;
  onMapping: (mapping: Readonly<Record<string, string>>) => void;
}

export function Mappings({ needed, mapping, onMapping }: MappingsProps) {
  const { bulk: text } = useText(TEXTS);
  // A step that is mapped is needed no more, and stays so that it can be changed.
  const mapped = Object.entries(mapping).filter(([state]) => needed.every((each) => each.state !== state));
  const change = (state: string, name: string): void => {
    const { [state]: _, ...others } = mapping;
    onMapping(name === "" ? others : { ...others, [state]: name });
  };
  return (
    <>
      {needed.map(({ state, count, choices }) => (
        <Field key={state} label={text.mapping(state)} hint={text.mappingHint(count)}>
          <Select value={mapping[state] ?? ""} onChange={(_, { value }) => change(state, value)}>
            <option value="">{text.noMapping}</option>
            {choices.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </Select>
        </Field>
      ))}
      {mapped.map(([state, name]) => (
        <Field key={state} label={text.mapping(state)}>
          <Select value={name} onChange={(_, { value }) => change(state, value)}>
            <option value="">{text.noMapping}</option>
            <option>{name}</option>
          </Select>
        </Field>
      ))}
    </>
  );
}
