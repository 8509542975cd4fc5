/** The bots of Microsoft Teams: how each is set up, and whom it can reach. */

import { Field, Select } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../../api/context";
import { connectionChoicesQuery } from "../../api/queries/kit/choices";
import { Answer } from "../../kit/Answer";
import { Empty } from "../../kit/states/Empty";
import { Guarded } from "../../session/Guarded";
import { useText } from "../../text/language";
import styles from "../admin.module.css";
import { TEXTS } from "../text";
import { InstallationsSection } from "./InstallationsSection";
import { PeopleSection } from "./PeopleSection";
import { SetupSection } from "./SetupSection";

const KIND = "teams";

export function TeamsPage() {
  return (
    <Guarded permission="edit.connections">
      <Bots />
    </Guarded>
  );
}

function Bots() {
  const { teams: text } = useText(TEXTS);
  const query = useQuery(connectionChoicesQuery(useApi()));
  return (
    <Answer query={query}>
      {(connections) => {
        const names = connections.filter(({ kind }) => kind === KIND).map(({ name }) => name);
        return names.length === 0 ? (
          <Empty icon="link" title={text.empty} action={<Link to="/data/new-connection">{text.create}</Link>}>
            {text.emptyHint}
          </Empty>
        ) : (
          <Chosen names={names} />
        );
      }}
    </Answer>
  );
}

function Chosen({ names }: { names: readonly string[] }) {
  const { teams: text } = useText(TEXTS);
  const [chosen, setChosen] = useState("");
  const name = names.find((each) => each === chosen) ?? names[0] ?? "";
  return (
    <>
      {names.length > 1 && (
        <div className={styles.tools}>
          <Field label={text.connection}>
            <Select value={name} onChange={(_, { value }) => setChosen(value)}>
              {names.map((each) => (
                <option key={each} value={each}>
                  {each}
                </option>
              ))}
            </Select>
          </Field>
        </div>
      )}
      <SetupSection key={`setup ${name}`} name={name} />
      <PeopleSection key={`people ${name}`} name={name} />
      <InstallationsSection />
    </>
  );
}
