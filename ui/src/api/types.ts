/** The types of calls, by the names of operations in the description of the API. */

import type { components, operations } from "./generated";
import type { routes } from "./routes";

/** The name of a call, such as `getKeys`. */
export type OperationId = keyof typeof routes & keyof operations;

/** A record of the API by its name in the description, such as `KeyRecord`. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

/** What a person may do, such as `keys`. */
export type Permission = Schema<"PermissionRecord">["permission"];
export type MailState = Schema<"InvitationRecord">["mail"];
export type Role = Schema<"MemberRecord">["role"];

type Operation<Id extends OperationId> = operations[Id];
type JsonOf<Content> = Content extends { content: { "application/json": infer Json } } ? Json : never;

export type BodyOf<Id extends OperationId> = JsonOf<
  NonNullable<Operation<Id> extends { requestBody?: infer Body } ? Body : never>
>;
export type QueryOf<Id extends OperationId> = NonNullable<Operation<Id>["parameters"]["query"]>;

/** What a call receives: the query parameters of a GET, the body of a POST. */
export type InputOf<Id extends OperationId> = [BodyOf<Id>] extends [never]
  ? [QueryOf<Id>] extends [never]
    ? Record<string, never>
    : QueryOf<Id>
  : BodyOf<Id>;

/** What a call answers when it succeeds. */
export type AnswerOf<Id extends OperationId> =
  Operation<Id> extends { responses: { 200: infer Answer } } ? JsonOf<Answer> : never;

export interface CallOptions {
  /** Path parameters, for the few calls that have them. */
  path?: Readonly<Record<string, string>>;
  /** Query parameters of a POST. */
  query?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
  /** Whether the call continues when its page is closed. Browsers permit this for bodies of 64 KiB together. */
  keepalive?: boolean;
  /** How bodies are read and written, where plain JSON would lose digits of numbers. */
  codec?: Codec;
}

export interface Codec {
  /** Throws for a text that is no JSON. */
  parse: (text: string) => unknown;
  print: (value: unknown) => string;
}
