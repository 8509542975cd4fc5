import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useApi } from "../../api/context";
import { profilesQuery } from "../../api/queries/workflows/workflows";
import { Answer } from "../../kit/Answer";
import { Tag } from "../../kit/Chip";
import { Section } from "../../kit/Page";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "../workflows.module.css";

/** The profiles of a workflow by name, and the way to them. */
export function ProfileList({ workflowId }: { workflowId: string }) {
  const { overview: text, profiles, frame } = useText(TEXTS);
  const query = useQuery(profilesQuery(useApi(), workflowId));
  const all = (
    <Link to="/workflows/$workflowId/profiles" params={{ workflowId }} preload={false}>
      {text.allProfiles}
    </Link>
  );
  return (
    <Section title={frame.tabs.profiles} action={all}>
      <Answer query={query} rows={1}>
        {({ items }) =>
          items.length === 0 ? (
            <p className={styles.quiet}>{profiles.empty}</p>
          ) : (
            <ul className={styles.chips}>
              {items.map(({ name, is_default: isDefault }) => (
                <li key={name}>
                  <Tag>{isDefault ? `${name} (${profiles.default})` : name}</Tag>
                </li>
              ))}
            </ul>
          )
        }
      </Answer>
    </Section>
  );
}
