/** The files that a page lets the browser save. */

import { vi } from "vitest";

export interface SavedFile {
  name: string;
  type: string;
  text: string;
}

/** Catches what is saved from now on, until the mocks are restored; the returned function gives it. */
export function savedFiles(): () => Promise<SavedFile[]> {
  const blobs: Blob[] = [];
  const names: string[] = [];
  URL.createObjectURL = vi.fn((blob: Blob) => {
    blobs.push(blob);
    return `blob:${blobs.length}`;
  }) as typeof URL.createObjectURL;
  URL.revokeObjectURL = vi.fn();
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    names.push(this.download);
  });
  return () =>
    Promise.all(blobs.map(async (blob, at) => ({ name: names[at] ?? "", type: blob.type, text: await textOf(blob) })));
}

/** Returns the text of a file with its byte order mark, which `Blob.text` leaves out. */
async function textOf(blob: Blob): Promise<string> {
  const bytes = await new Promise<ArrayBuffer>((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as ArrayBuffer);
    reader.onerror = () => reject(reader.error ?? new Error("the file cannot be read"));
    reader.readAsArrayBuffer(blob);
  });
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
