/** What the reader did and the app has not sent yet: it goes out while the session is still the one in which it was done. */

type Flush = () => Promise<boolean>;

const holders = new Set<Flush>();

/** Adds what sends something that is held back, until the returned function is called. */
export function addUnsent(flush: Flush): () => void {
  holders.add(flush);
  return () => holders.delete(flush);
}

/**
 * Sends all that is held back. Resolves when it is answered, to whether all was recorded: where it was not, the session stays as it is,
 * so that the reader can see why.
 */
export async function sendUnsent(): Promise<boolean> {
  const answers = await Promise.all([...holders].map((flush) => flush()));
  return answers.every((isRecorded) => isRecorded);
}
