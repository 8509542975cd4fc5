import { Button, Tooltip } from "@fluentui/react-components";
import { useState } from "react";
import { useText } from "../text/language";
import { SHARED } from "../text/shared";
import { Icon, type IconName } from "./icons";

interface CopyButtonProps {
  /** The text, or what gives it when it is copied: that of a large value takes long. */
  value: string | (() => string);
  label: string;
  isWide?: boolean;
  icon?: IconName;
}

/** Copies a text. With `isWide` the button shows words, else a picture with `label` as its name. */
export function CopyButton({ value, label, isWide = false, icon: shown = "copy" }: CopyButtonProps) {
  const text = useText(SHARED);
  const [isCopied, setIsCopied] = useState(false);
  const copy = (): void => {
    const copied = typeof value === "string" ? value : value();
    void navigator.clipboard.writeText(copied).then(() => setIsCopied(true));
  };
  const icon = <Icon name={isCopied ? "check" : shown} size={16} />;
  if (isWide) {
    return (
      <Button icon={icon} onClick={copy}>
        {isCopied ? text.copied : label}
      </Button>
    );
  }
  return (
    <Tooltip content={isCopied ? text.copied : label} relationship="label">
      <Button appearance="subtle" size="small" icon={icon} onClick={copy} />
    </Tooltip>
  );
}
