/** How the forms of the release's own kinds of connection are laid out: order, widgets, and when a field is shown.
 *
 * It is written by hand. What it does not name is drawn by the schemas of `getConnectorKinds`, as are all other kinds; a
 * test of the server compares the names, the choices and the required fields with these schemas.
 */

import { isObject, type JsonObject, textOf } from "../../shared/http";

export type FieldId =
  | "base_url"
  | "auth"
  | "user"
  | "header"
  | "allowed_hosts"
  | "system_id"
  | "client"
  | "language"
  | "token_url"
  | "client_id"
  | "scope"
  | "odata"
  | "repeatable"
  | "csrf/at"
  | "ca"
  | "host"
  | "port"
  | "tls"
  | "from"
  | "tls/ca"
  | "tls/certificate"
  | "tls/server_name"
  | "proxy/url"
  | "proxy/user"
  | "tenant_id"
  | "app_id"
  | "people"
  | "catalog_app_id"
  | "cloud"
  | "endpoints/login"
  | "endpoints/graph"
  | "endpoints/service"
  | "endpoints/openid"
  | "endpoints/issuer";

export type SecretId =
  | "password"
  | "token"
  | "client_key"
  | "client_secret"
  | "refresh_token"
  | "api_key"
  | "proxy_password";

export interface SettingField {
  /** The members that lead to the setting, with `/` between them. */
  id: FieldId;
  widget: "text" | "long" | "number" | "choice" | "switch" | "list";
  choices?: readonly string[];
  isRequired?: boolean;
  /** Under the fold of what few need. */
  isRare?: boolean;
  when?: (settings: JsonObject) => boolean;
}

export interface SecretField {
  id: SecretId;
  isLong?: boolean;
  isRare?: boolean;
  when?: (settings: JsonObject) => boolean;
}

export interface Kind {
  settings: readonly SettingField[];
  secrets: readonly SecretField[];
}

const by =
  (...means: readonly string[]) =>
  ({ auth }: JsonObject): boolean =>
    means.includes(textOf(auth) ?? "");
const hasPassword = ({ auth, user }: JsonObject): boolean =>
  ["", "password"].includes(textOf(auth) ?? "") && (textOf(user) ?? "") !== "";
const isOtherCloud = ({ cloud }: JsonObject): boolean => textOf(cloud) === "other";
const hasCertificate = (settings: JsonObject): boolean => at(settings, "tls/certificate") !== undefined;
const hasProxyUser = (settings: JsonObject): boolean => at(settings, "proxy/user") !== undefined;

const ROUTE: readonly SettingField[] = [
  { id: "tls/ca", widget: "long", isRare: true },
  { id: "tls/certificate", widget: "long", isRare: true },
  { id: "tls/server_name", widget: "text", isRare: true },
  { id: "proxy/url", widget: "text", isRare: true },
  { id: "proxy/user", widget: "text", isRare: true },
];
const ROUTE_SECRETS: readonly SecretField[] = [
  { id: "client_key", isLong: true, when: hasCertificate },
  { id: "proxy_password", when: hasProxyUser },
];

export const KINDS: Readonly<Record<string, Kind>> = {
  http: {
    settings: [
      { id: "base_url", widget: "text", isRequired: true },
      { id: "auth", widget: "choice", choices: ["none", "basic", "bearer", "api_key"] },
      { id: "user", widget: "text", when: by("basic") },
      { id: "header", widget: "text", when: by("api_key") },
      { id: "allowed_hosts", widget: "list", isRare: true },
      ...ROUTE,
    ],
    secrets: [{ id: "password", when: by("basic") }, { id: "token", when: by("bearer", "api_key") }, ...ROUTE_SECRETS],
  },
  sap: {
    settings: [
      { id: "base_url", widget: "text", isRequired: true },
      { id: "system_id", widget: "text" },
      { id: "client", widget: "text" },
      { id: "language", widget: "text" },
      { id: "auth", widget: "choice", choices: ["basic", "oauth_client", "certificate", "api_key"] },
      { id: "user", widget: "text", when: by("basic", "") },
      { id: "token_url", widget: "text", isRequired: true, when: by("oauth_client") },
      { id: "client_id", widget: "text", isRequired: true, when: by("oauth_client") },
      { id: "scope", widget: "text", when: by("oauth_client") },
      { id: "header", widget: "text", when: by("api_key") },
      { id: "odata", widget: "choice", choices: ["auto", "2", "4"], isRare: true },
      { id: "repeatable", widget: "switch", isRare: true },
      { id: "csrf/at", widget: "text", isRare: true },
      ...ROUTE,
    ],
    secrets: [
      { id: "password", when: by("basic", "") },
      { id: "client_secret", when: by("oauth_client") },
      { id: "api_key", when: by("api_key") },
      ...ROUTE_SECRETS,
    ],
  },
  smtp: {
    settings: [
      { id: "host", widget: "text", isRequired: true },
      { id: "port", widget: "number" },
      { id: "tls", widget: "choice", choices: ["starttls", "tls", "none"] },
      { id: "auth", widget: "choice", choices: ["password", "xoauth2", "none"] },
      { id: "user", widget: "text", when: by("password", "xoauth2", "") },
      { id: "token_url", widget: "text", isRequired: true, when: by("xoauth2") },
      { id: "client_id", widget: "text", isRequired: true, when: by("xoauth2") },
      { id: "scope", widget: "text", when: by("xoauth2") },
      { id: "from", widget: "text", isRequired: true },
      { id: "language", widget: "choice", choices: ["en", "de"] },
      { id: "ca", widget: "long", isRare: true },
    ],
    secrets: [
      { id: "password", when: hasPassword },
      { id: "client_secret", when: by("xoauth2") },
      { id: "refresh_token", when: by("xoauth2") },
    ],
  },
  graph_mail: {
    settings: [
      { id: "tenant_id", widget: "text", isRequired: true },
      { id: "client_id", widget: "text", isRequired: true },
      { id: "from", widget: "text", isRequired: true },
      { id: "language", widget: "choice", choices: ["en", "de"] },
      { id: "cloud", widget: "choice", choices: ["public", "gcc_high", "dod", "other"], isRare: true },
      { id: "endpoints/login", widget: "text", isRequired: true, isRare: true, when: isOtherCloud },
      { id: "endpoints/graph", widget: "text", isRequired: true, isRare: true, when: isOtherCloud },
      ...ROUTE,
    ],
    secrets: [{ id: "client_secret" }, ...ROUTE_SECRETS],
  },
  teams: {
    settings: [
      { id: "tenant_id", widget: "text", isRequired: true },
      { id: "app_id", widget: "text", isRequired: true },
      { id: "people", widget: "choice", choices: ["events", "graph"] },
      { id: "catalog_app_id", widget: "text", isRare: true },
      { id: "cloud", widget: "choice", choices: ["public", "gcc", "gcc_high", "dod", "other"], isRare: true },
      { id: "endpoints/login", widget: "text", isRequired: true, isRare: true, when: isOtherCloud },
      { id: "endpoints/graph", widget: "text", isRequired: true, isRare: true, when: isOtherCloud },
      { id: "endpoints/service", widget: "text", isRequired: true, isRare: true, when: isOtherCloud },
      { id: "endpoints/openid", widget: "text", isRequired: true, isRare: true, when: isOtherCloud },
      { id: "endpoints/issuer", widget: "text", isRequired: true, isRare: true, when: isOtherCloud },
      ...ROUTE,
    ],
    secrets: [{ id: "client_secret" }, ...ROUTE_SECRETS],
  },
};

/** Returns the fields that a connection shows now. */
export function fieldsOf(kind: Kind, settings: JsonObject): readonly SettingField[] {
  return kind.settings.filter(({ when }) => when?.(settings) ?? true);
}

/** Returns the secrets that a connection of these settings has. */
export function secretsOf(kind: Kind, settings: JsonObject): readonly SecretField[] {
  return kind.secrets.filter(({ when }) => when?.(settings) ?? true);
}

/** Returns the value of a setting; undefined where there is none. */
export function at(settings: JsonObject, id: string): unknown {
  return id.split("/").reduce<unknown>((found, name) => (isObject(found) ? found[name] : undefined), settings);
}

/** Returns settings with another value; undefined and empty texts are left out, so that the default holds. */
export function withSetting(settings: JsonObject, id: string, value: unknown): JsonObject {
  const [name = "", ...rest] = id.split("/");
  const { [name]: before, ...others } = settings;
  const inner = isObject(before) ? before : {};
  const next = rest.length === 0 ? value : withSetting(inner, rest.join("/"), value);
  const isNothing =
    next === undefined || next === "" || (rest.length > 0 && isObject(next) && Object.keys(next).length === 0);
  if (isNothing) return others;
  return name in settings ? { ...settings, [name]: next } : { ...others, [name]: next };
}

/** Returns the required settings that have no value. */
export function missingOf(kind: Kind, settings: JsonObject): readonly FieldId[] {
  const required = fieldsOf(kind, settings).filter(({ isRequired }) => isRequired);
  return required.filter(({ id }) => (textOf(at(settings, id)) ?? "").trim() === "").map(({ id }) => id);
}

/** Returns the address of the system that a connection leads to, for lists. */
export function addressOf(settings: JsonObject): string {
  return textOf(settings.base_url) ?? textOf(settings.host) ?? textOf(settings.tenant_id) ?? "";
}
