/** The names of an object with their types. */

/** Returns the names of the members of an object that has no others than its type says. */
export function keysOf<Shape extends object>(shape: Shape): (keyof Shape & string)[] {
  return Object.keys(shape) as (keyof Shape & string)[];
}
