/** Fluent's names of tokens without their list, of which every page would load 30 KB for the few that it uses. */

import type { Plugin } from "vite";

/** A token is the variable of CSS of its name; those that are more, with a value for where it is not set, are listed. */
async function moduleOf(): Promise<string> {
  const { tokens } = await import("@fluentui/react-components");
  const others = Object.entries(tokens).filter(([name, value]) => value !== `var(--${name})`);
  const listed = JSON.stringify(Object.fromEntries(others));
  return `export const tokens = new Proxy(${listed}, { get: (listed, name) => listed[name] ?? \`var(--\${name})\` });`;
}

export function shortTokens(): Plugin {
  return {
    name: "short-tokens",
    apply: "build",
    load: (id) => (id.endsWith("/@fluentui/tokens/lib/tokens.js") ? moduleOf() : null),
  };
}
