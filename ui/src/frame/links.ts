/** Links that the app opens for a card. */

const SCHEMES = ["https:", "http:", "mailto:"];

export interface OutsideLink {
  url: string;
  /** What the reader is asked about: the host, or the address of a mail. */
  host: string;
}

/** Returns the link of an absolute address, null where a card may not open it. */
export function outsideLinkOf(text: string): OutsideLink | null {
  try {
    const url = new URL(text);
    if (!SCHEMES.includes(url.protocol)) return null;
    return { url: url.href, host: url.protocol === "mailto:" ? url.pathname : url.host };
  } catch {
    return null;
  }
}
