/** Nothing is there: one sentence, what can be done about it, and where to read more. */

import { Link } from "@fluentui/react-components";
import type { ReactNode } from "react";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { Icon, type IconName } from "../icons";
import styles from "./states.module.css";

interface EmptyProps {
  icon: IconName;
  title: string;
  /** What could be done now: usually one button. */
  action?: ReactNode;
  /** The address of a page of the manual. */
  guide?: string;
  /** There is nothing else on the page: the title is its heading. */
  isPage?: boolean;
  children?: ReactNode;
}

export function Empty({ icon, title, action, guide, isPage = false, children }: EmptyProps) {
  const text = useText(SHARED);
  const Title = isPage ? "h1" : "p";
  return (
    <div className={styles.center}>
      <span className={styles.tile}>
        <Icon name={icon} size={24} />
      </span>
      <Title className={styles.title}>{title}</Title>
      {children && <p className={styles.hint}>{children}</p>}
      {action}
      {guide && (
        <Link href={guide} target="_blank" rel="noopener noreferrer">
          {text.learnMore}
        </Link>
      )}
    </div>
  );
}
