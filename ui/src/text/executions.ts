/** How executions are named in lists. */

/** The last part of a number: what comes before it is the time, which executions of one moment share. */
const SHOWN = 12;

/** Returns the process id that the caller gave, or the end of the number of an execution that has none of its own. */
export function executionName(executionId: string, processId: string): string {
  const isOwn = processId !== "" && processId !== executionId;
  return isOwn || executionId.length <= SHOWN ? processId || executionId : `…${executionId.slice(-SHOWN)}`;
}
