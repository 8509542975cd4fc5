import { Link, type LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Icon } from "../kit/icons";
import styles from "./data.module.css";

/** The name of one object, with the way back to its list and its buttons. */
export function ObjectHead({ to, list, name, children }: ObjectHeadProps) {
  return (
    <div className={styles.head}>
      <Link to={to} className={styles.back} aria-label={list}>
        <Icon name="left" size={16} />
      </Link>
      <h2 className={styles.name}>{name}</h2>
      {children}
    </div>
  );
}

interface ObjectHeadProps {
  to: NonNullable<LinkProps["to"]>;
  /** The name of the list. */
  list: string;
  name: string;
  children?: ReactNode;
}
