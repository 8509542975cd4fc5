/** The address of the page of sign-in: where to go after it, and why a provider's sign-in failed. */

export interface SignInSearch {
  to?: string;
  /** A code of the server, such as `NOT_A_MEMBER`. */
  error?: string;
}

export function signInSearch(search: Readonly<Record<string, unknown>>): SignInSearch {
  const { to, error } = search;
  return { ...(typeof to === "string" ? { to } : {}), ...(typeof error === "string" ? { error } : {}) };
}
