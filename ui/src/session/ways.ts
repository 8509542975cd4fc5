/** How people may sign in, as the answer 401 of the server says. */

import type { CallError } from "../api/errors";
import type { Schema } from "../api/types";
import { isObject, textOf } from "../shared/http";

export type Ways = Schema<"SignInRecord">;

/** Returns the ways to sign in. When the answer does not name them, a password is what every installation has. */
export function waysOf(error: CallError | null): Ways {
  const found = error?.facts.body.sign_in;
  if (!isObject(found)) return { local: true, providers: [] };
  const providers = Array.isArray(found.providers) ? found.providers.filter(isObject) : [];
  return {
    local: found.local !== false,
    providers: providers.map(({ id, label }) => ({ id: textOf(id) ?? "", label: textOf(label) ?? textOf(id) ?? "" })),
  };
}

/** Returns where to go after sign-in: a path of the app, never another host. */
export function targetOf(to: unknown): string {
  if (typeof to !== "string" || !/^\/(?![/\\])/.test(to) || /^\/sign-in/.test(to)) return "/";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: browsers drop these from an address
  return /[\u0000-\u001f\\]/.test(to) ? "/" : to;
}

/** Returns the address at which sign-in by a provider begins; with the token of an invitation, it accepts that too. */
export function startOf(provider: string, target: string, invitation?: string): string {
  const accepted = invitation === undefined ? {} : { invitation };
  return `/v2/session/start?${new URLSearchParams({ provider, to: `/app${target}`, ...accepted })}`;
}
