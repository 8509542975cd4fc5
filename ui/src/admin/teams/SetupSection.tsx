/** The set-up of a bot: the app package, the pages of Microsoft that an administrator opens, and the test. */

import { Button, Checkbox, Field, Input } from "@fluentui/react-components";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context";
import { type TeamsSetup, teamsSetupQuery } from "../../api/queries/admin/teams";
import { Answer } from "../../kit/Answer";
import { CopyButton } from "../../kit/CopyButton";
import { TestResult } from "../../kit/checks/TestResult";
import { Icon } from "../../kit/icons";
import { Section } from "../../kit/Page";
import { Problem } from "../../kit/states/Problem";
import { saveBytes } from "../../text/csv";
import { useText } from "../../text/language";
import styles from "../admin.module.css";
import { TEXTS } from "../text";
import own from "./teams.module.css";

export function SetupSection({ name }: { name: string }) {
  const { teams: text } = useText(TEXTS);
  const query = useQuery(teamsSetupQuery(useApi(), name));
  return (
    <Section title={text.setup} hint={text.setupHint}>
      <Answer query={query}>{(setup) => <Setup setup={setup} />}</Answer>
      <PackageForm name={name} />
      <Test name={name} />
    </Section>
  );
}

function Setup({ setup }: { setup: TeamsSetup }) {
  const { teams: text } = useText(TEXTS);
  const { messaging_endpoint: endpoint, consent_url: consent, admin_url: admin } = setup;
  return (
    <dl className={own.facts}>
      <dt>{text.endpoint}</dt>
      <dd>
        {endpoint === null ? (
          text.noEndpoint
        ) : (
          <>
            <code className={styles.mono}>{endpoint}</code>
            <CopyButton value={endpoint} label={text.copyEndpoint} />
          </>
        )}
      </dd>
      <dt>{text.people}</dt>
      <dd>{text.peopleBy(setup.people)}</dd>
      {setup.people === "graph" && (
        <>
          <dt>{text.consent}</dt>
          <dd>
            <Outside url={consent}>{text.openConsent}</Outside>
          </dd>
        </>
      )}
      {admin !== null && (
        <>
          <dt>{text.upload}</dt>
          <dd>
            <Outside url={admin}>{text.openAdmin}</Outside>
          </dd>
        </>
      )}
    </dl>
  );
}

function Outside({ url, children }: { url: string; children: string }) {
  return (
    <a href={url} target="_blank" rel="noreferrer">
      {children}
    </a>
  );
}

function PackageForm({ name }: { name: string }) {
  const { teams: text } = useText(TEXTS);
  const api = useApi();
  const [version, setVersion] = useState("1.0.0");
  const [hasTab, setHasTab] = useState(false);
  const download = useMutation({
    mutationFn: async () =>
      (await api.call("getTeamsPackage", { name, version: version.trim(), tab: String(hasTab) })).item,
    onSuccess: ({ name: file, type, content }) => saveBytes(file, content, type),
  });
  return (
    <>
      <div className={styles.tools}>
        <Field label={text.version} hint={text.versionHint}>
          <Input value={version} onChange={(_, { value }) => setVersion(value)} />
        </Field>
        <Checkbox
          className={own.beside ?? ""}
          label={text.tab}
          checked={hasTab}
          onChange={(_, { checked }) => setHasTab(checked === true)}
        />
        <Button
          className={own.beside ?? ""}
          appearance="primary"
          icon={<Icon name="download" size={16} />}
          disabled={download.isPending || version.trim() === ""}
          onClick={() => download.mutate()}
        >
          {text.download}
        </Button>
      </div>
      {download.error !== null && <Problem error={download.error} shape="bar" />}
    </>
  );
}

function Test({ name }: { name: string }) {
  const { teams: text } = useText(TEXTS);
  const api = useApi();
  const test = useMutation({ mutationFn: async () => (await api.call("testConnection", { name })).item });
  return (
    <>
      <div className={styles.tools}>
        <p>{text.testHint}</p>
        <Button icon={<Icon name="bolt" size={16} />} disabled={test.isPending} onClick={() => test.mutate()}>
          {test.isPending ? text.testing : text.test}
        </Button>
      </div>
      <div role="status">{test.data !== undefined && <TestResult result={test.data} />}</div>
      {test.error !== null && <Problem error={test.error} shape="bar" />}
    </>
  );
}
