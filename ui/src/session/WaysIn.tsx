/** The ways into this installation: a button for each provider, and a form with a password. */

import { Button, Link } from "@fluentui/react-components";
import { type ReactNode, useState } from "react";
import { Icon } from "../kit/icons";
import { useText } from "../text/language";
import styles from "./SignInForm.module.css";
import { TEXTS } from "./text";
import { startOf, type Ways } from "./ways";

interface WaysInProps {
  ways: Ways;
  /** The path of the app to which a provider returns. */
  target: string;
  /** The token of an invitation that the person accepts by signing in at a provider. */
  invitation?: string;
  /** The form with a password. */
  children: ReactNode;
}

/** Where local sign-in is switched off, the form is shown on request only: one account may still need it. */
export function WaysIn({ ways, target, invitation, children }: WaysInProps) {
  const text = useText(TEXTS);
  const [isRequested, setIsRequested] = useState(false);
  const hasForm = ways.local || isRequested;
  return (
    <div className={styles.form}>
      {ways.providers.map(({ id, label }) => (
        <Button
          key={id}
          as="a"
          size="large"
          className={styles.way}
          href={startOf(id, target, invitation)}
          icon={<Icon name="key" />}
        >
          {text.with(label)}
        </Button>
      ))}
      {ways.providers.length > 0 && hasForm && (
        <div className={styles.or}>
          <span>{text.orPassword}</span>
        </div>
      )}
      {hasForm ? (
        children
      ) : (
        <Link as="button" type="button" onClick={() => setIsRequested(true)}>
          {text.emergency}
        </Link>
      )}
    </div>
  );
}
