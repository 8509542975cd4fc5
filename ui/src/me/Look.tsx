import { Field, Select } from "@fluentui/react-components";
import { Section } from "../kit/Page";
import { DENSITIES, THEMES } from "../kit/theme";
import { type Preferences, preferencesOf, usePreferences } from "../session/preferences";
import { TEXTS as SHELL } from "../shell/text";
import { TIME_STYLES } from "../text/formats";
import { LANGUAGE_NAMES, LANGUAGES, useText } from "../text/language";
import styles from "./me.module.css";
import { TEXTS } from "./text";

/** How the app looks, in which language, with which times. */
export function Look() {
  const text = useText(TEXTS);
  const words = useText(SHELL);
  return (
    <Section title={text.look} hint={text.lookHint}>
      <div className={styles.grid}>
        <Choice name="theme" label={text.theme} values={THEMES} textOf={words.themes} />
        <Choice name="language" label={text.language} values={LANGUAGES} textOf={(each) => LANGUAGE_NAMES[each]} />
        <Choice name="density" label={text.density} values={DENSITIES} textOf={words.densities} />
        <Choice name="time" label={text.times} values={TIME_STYLES} textOf={words.timeStyles} />
      </div>
    </Section>
  );
}

type Name = "theme" | "language" | "density" | "time";

interface ChoiceProps<Value> {
  name: Name;
  label: string;
  values: readonly Value[];
  textOf: (value: Value) => string;
}

function Choice<Value extends Preferences[Name]>({ name, label, values, textOf }: ChoiceProps<Value>) {
  const { preferences, choose } = usePreferences();
  return (
    <Field label={label}>
      <Select
        value={preferences[name]}
        onChange={(_, { value }) => choose(preferencesOf({ ...preferences, [name]: value }, preferences))}
      >
        {values.map((value) => (
          <option key={value} value={value}>
            {textOf(value)}
          </option>
        ))}
      </Select>
    </Field>
  );
}
