/** What had happened at any moment of a log, without a fold from its start for each: some moments are kept.
 *
 * A moment is folded from the nearest one before it that is kept. A checkpoint holds pointers to the visits of its moment,
 * and visits are never changed, so that all checkpoints together share what did not change between them.
 */

import type { LogEntry } from "../../graph/log/entry";
import { type Folded, Folding } from "../../graph/log/fold";

/** Entries between two checkpoints: so many are folded in less than a millisecond. */
const EVERY = 512;
/** With more checkpoints every second one is dropped, so that a long log costs no more memory than twice this. */
const MOST = 64;

interface Checkpoint {
  count: number;
  /** The last entry of its moment: a log that has another one there is another log. */
  entry: LogEntry;
  folding: Folding;
}

/** The moments of one log, which may grow. */
export class Checkpoints {
  private kept: Checkpoint[] = [];
  /** The moment that was asked for last: the next one is often just behind it. */
  private last: Checkpoint | null = null;

  constructor(
    private readonly catches: (step: string) => boolean,
    private every = EVERY,
    private readonly most = MOST,
  ) {}

  /** Returns what had happened after the first entries of a log: the same as a fold of them from the start. */
  at(entries: readonly LogEntry[], count: number): Folded {
    this.forgetOthers(entries);
    const { folding, from } = this.nearest(count);
    for (let at = from; at < count; at += 1) {
      const entry = entries[at];
      if (entry === undefined) break;
      folding.take(entry);
      this.keep(at + 1, entry, folding);
    }
    const entry = entries[count - 1];
    this.last = entry === undefined ? null : { count, entry, folding };
    return folding.result();
  }

  private nearest(count: number): { folding: Folding; from: number } {
    const kept = this.kept.findLast((each) => each.count <= count);
    const { last } = this;
    if (last !== null && last.count <= count && last.count >= (kept?.count ?? 0)) {
      return { folding: last.folding, from: last.count };
    }
    if (kept === undefined) return { folding: new Folding(this.catches), from: 0 };
    return { folding: new Folding(this.catches, kept.folding), from: kept.count };
  }

  private keep(count: number, entry: LogEntry, folding: Folding): void {
    if (count % this.every !== 0 || count <= (this.kept.at(-1)?.count ?? 0)) return;
    this.kept.push({ count, entry, folding: new Folding(this.catches, folding) });
    if (this.kept.length <= this.most) return;
    this.every *= 2;
    this.kept = this.kept.filter((each) => each.count % this.every === 0);
  }

  /** Moments of another log share nothing with those of this one. */
  private forgetOthers(entries: readonly LogEntry[]): void {
    const isOther = (each: Checkpoint): boolean => entries[each.count - 1] !== each.entry;
    if (![...this.kept, ...(this.last === null ? [] : [this.last])].some(isOther)) return;
    this.kept = [];
    this.last = null;
  }
}
