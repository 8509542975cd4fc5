/** What each role may do, and what the organization lets roles do beside. */

import { Switch } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useApi } from "../api/context";
import { permissionsQuery } from "../api/queries/admin/keys";
import { roleSettingsQuery } from "../api/queries/admin/members";
import type { Role, Schema } from "../api/types";
import { Answer } from "../kit/Answer";
import { Icon } from "../kit/icons";
import { Section } from "../kit/Page";
import { Problem } from "../kit/states/Problem";
import { useConfirmed } from "../session/confirmed";
import { useMay } from "../session/session";
import { useText } from "../text/language";
import { SHARED } from "../text/shared";
import styles from "./admin.module.css";
import { ROLES } from "./roles";
import { TEXTS } from "./text";

type Row = Schema<"PermissionRecord">;
type Settings = Schema<"RoleSettingsRecord">;

const SETTINGS = ["viewers_read_payloads", "developers_repair", "developers_activate"] as const;

export function RolesPage() {
  const { roles: text } = useText(TEXTS);
  const query = useQuery(permissionsQuery(useApi()));
  return (
    <>
      <p className={styles.lead}>{text.hint}</p>
      {useMay("members") && <SettingsPart />}
      <Answer query={query} rows={12}>
        {({ items }) => <Matrix rows={items} />}
      </Answer>
    </>
  );
}

function Matrix({ rows }: { rows: readonly Row[] }) {
  const { roles: text } = useText(TEXTS);
  const shared = useText(SHARED);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a table that is wider than a phone scrolls by itself; the keyboard reaches it
    <section className={styles.scroll} tabIndex={0} aria-label={text.label}>
      <table className={styles.matrix} aria-label={text.label}>
        <thead>
          <tr>
            <th scope="col">{text.permission}</th>
            {ROLES.map((role) => (
              <th key={role} scope="col">
                {shared.roles(role)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.permission}>
              <th scope="row">
                <code>{row.permission}</code>
                <span>{text.allows(row.permission, row.allows)}</span>
              </th>
              {ROLES.map((role) => (
                <td key={role}>
                  <Cell row={row} role={role} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Cell({ row, role }: { row: Row; role: Role }) {
  const { roles: text } = useText(TEXTS);
  const shared = useText(SHARED);
  if (row.roles.includes(role)) {
    return (
      <span className={styles.yes} role="img" aria-label={shared.yes}>
        <Icon name="check" size={16} />
      </span>
    );
  }
  if (row.roles_by_setting.some((each) => each.role === role)) return <small>{text.bySetting}</small>;
  return (
    <span className={styles.no} role="img" aria-label={shared.no}>
      <Icon name="minus" size={12} />
    </span>
  );
}

function SettingsPart() {
  const { roles: text } = useText(TEXTS);
  const api = useApi();
  const queries = useQueryClient();
  const confirmed = useConfirmed();
  const options = roleSettingsQuery(api);
  const query = useQuery(options);
  const put = useMutation({
    mutationFn: (settings: Settings) => confirmed(() => api.call("putRoleSettings", settings)),
    onSuccess: (answer) => queries.setQueryData(options.queryKey, answer),
  });
  return (
    <Section title={text.settings}>
      {put.error && <Problem error={put.error} shape="bar" />}
      <Answer query={query} rows={3}>
        {({ item }) => (
          <div>
            {SETTINGS.map((setting) => (
              <div key={setting}>
                <Switch
                  label={text.setting(setting)}
                  checked={item[setting]}
                  disabled={put.isPending}
                  onChange={(_, { checked }) => put.mutate({ ...item, [setting]: checked })}
                />
              </div>
            ))}
          </div>
        )}
      </Answer>
    </Section>
  );
}
