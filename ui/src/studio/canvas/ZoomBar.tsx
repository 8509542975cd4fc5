/** How large the graph is drawn, and whether error paths are. */

import { Button, ToggleButton, Tooltip } from "@fluentui/react-components";
import { useStore } from "zustand";
import { Icon } from "../../kit/icons";
import { useText } from "../../text/language";
import { useTimes } from "../../text/time";
import type { Studio } from "../studio";
import { TEXTS } from "../text";
import styles from "./StudioCanvas.module.css";
import { SCALES } from "./use-view";

interface ZoomBarProps {
  studio: Studio;
  scale: number;
  onScale: (by: number | null) => void;
  onFit: () => void;
}

export function ZoomBar({ studio, scale, onScale, onFit }: ZoomBarProps) {
  const text = useText(TEXTS);
  const { formats } = useTimes();
  const hasErrors = useStore(studio.screen, (state) => state.hasErrors);
  const button = (label: string, icon: "minus" | "plus", by: number) => (
    <Tooltip content={label} relationship="label">
      <Button appearance="subtle" size="small" icon={<Icon name={icon} size={14} />} onClick={() => onScale(by)} />
    </Tooltip>
  );
  return (
    <div className={styles.zoom} role="toolbar" aria-label={text.zoom}>
      {button(text.smaller, "minus", -SCALES.step)}
      <Button appearance="subtle" size="small" className={styles.percent} onClick={() => onScale(null)}>
        {formats.number(Math.round(scale * 100))} %
      </Button>
      {button(text.larger, "plus", SCALES.step)}
      <Button appearance="subtle" size="small" onClick={onFit}>
        {text.fit}
      </Button>
      <ToggleButton
        appearance="subtle"
        size="small"
        icon={<Icon name="warning" size={14} />}
        checked={hasErrors}
        onClick={() => studio.screen.setState({ hasErrors: !hasErrors })}
      >
        {text.errorPaths}
      </ToggleButton>
    </div>
  );
}
