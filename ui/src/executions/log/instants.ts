/** Instants within the words of the server, such as when the maintenance of a system ends. */

/** As RFC 3339 has it, in UTC. */
const INSTANT = /\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z/g;

/** Returns a text of the server in which each instant is as the reader writes it. */
export function withInstants(text: string, say: (at: number) => string): string {
  return text.replace(INSTANT, (found) => {
    const at = Date.parse(found);
    return Number.isNaN(at) ? found : say(at);
  });
}
