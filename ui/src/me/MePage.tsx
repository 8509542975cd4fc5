/** The own account: who I am, how the app looks, password, second factor, sessions. */

import { Page, Section } from "../kit/Page";
import { useSession } from "../session/session";
import { useText } from "../text/language";
import { SHARED } from "../text/shared";
import { Look } from "./Look";
import styles from "./me.module.css";
import { Password } from "./Password";
import { SecondFactor } from "./SecondFactor";
import { Sessions } from "./Sessions";
import { TEXTS } from "./text";

export function MePage() {
  const text = useText(TEXTS);
  return (
    <Page title={text.title} width="text">
      <Person />
      <Look />
      <Password />
      <SecondFactor />
      <Sessions />
    </Page>
  );
}

function Person() {
  const text = useText(TEXTS);
  const shared = useText(SHARED);
  const { user, role, organization } = useSession();
  const facts = [
    [text.name, user.name],
    [text.email, user.email],
    [text.organization, organization.name],
    [text.role, shared.roles(role)],
  ];
  return (
    <Section title={text.person}>
      <dl className={styles.facts}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
