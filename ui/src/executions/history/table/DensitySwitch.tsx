/** How close the rows of tables are; the account has it, for all tables. */

import { Button } from "@fluentui/react-components";
import { DENSITIES } from "../../../kit/theme";
import { usePreferences } from "../../../session/preferences";
import { useText } from "../../../text/language";
import { TEXTS } from "../../text";
import styles from "./Table.module.css";

export function DensitySwitch() {
  const text = useText(TEXTS).history;
  const { preferences, choose } = usePreferences();
  return (
    <fieldset className={styles.density} aria-label={text.density}>
      {DENSITIES.map((density) => (
        <Button
          key={density}
          size="small"
          appearance={density === preferences.density ? "secondary" : "subtle"}
          aria-pressed={density === preferences.density}
          onClick={() => choose({ density })}
        >
          {text.densities[density]}
        </Button>
      ))}
    </fieldset>
  );
}
