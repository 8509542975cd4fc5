/** An API in memory with the types of the real one: a test gives handlers for the calls that its screen makes. */

import type { Api } from "../../src/api/client";
import { CallError, errorOf } from "../../src/api/errors";
import type { AnswerOf, CallOptions, InputOf, OperationId } from "../../src/api/types";

export type Handlers = {
  [Id in OperationId]?: (input: InputOf<Id>, options: CallOptions) => AnswerOf<Id> | Promise<AnswerOf<Id>>;
};

export interface FakeApi extends Api {
  /** The calls so far: name and input. */
  calls: [OperationId, unknown][];
  /** The value that the app has for the header of POST calls. */
  csrf: () => string;
  /** Replaces handlers from now on. */
  handle: (handlers: Handlers) => void;
}

/** Returns an API of handlers; later ones replace earlier ones. A call without a handler is answered 404. */
export function fakeApi(...given: readonly Handlers[]): FakeApi {
  let handlers: Handlers = Object.assign({}, ...given);
  let csrf = "";
  const calls: [OperationId, unknown][] = [];
  return {
    calls,
    csrf: () => csrf,
    setCsrf: (next) => {
      csrf = next;
    },
    handle: (more) => {
      handlers = { ...handlers, ...more };
    },
    call: async (id, input, options = {}) => {
      calls.push([id, input]);
      const handler = handlers[id] as ((input: unknown, options: CallOptions) => unknown) | undefined;
      if (handler === undefined) throw refusal(404, "NOT_FOUND", `the fake has no ${id}`);
      return (await handler(input ?? {}, options)) as never;
    },
  };
}

/** Returns the error that the client makes of an answer of the server. */
export function refusal(status: number, code: string, message = "", more: Record<string, unknown> = {}): CallError {
  const headers = new Headers(status === 429 ? { "retry-after": "3" } : {});
  return errorOf(status, { message, code, errors: [], request_id: "request-1", ...more }, headers);
}

export function lostConnection(): CallError {
  return new CallError({ kind: "offline" });
}

/** Returns an answer that comes when a test gives it. */
export function answerLater(): { promise: Promise<never>; resolve: (answer: never) => void } {
  let resolve: (answer: never) => void = () => undefined;
  const promise = new Promise<never>((give) => {
    resolve = give;
  });
  return { promise, resolve };
}
