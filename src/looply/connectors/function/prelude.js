// Runs before the code of the author, in the same fresh instance. Everything that is used later is kept in constants
// here, so that code which replaces a built-in function changes nothing but its own result.
(function () {
  "use strict";
  const { parse, stringify } = JSON;
  const { isArray } = Array;
  const { create, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, keys } = Object;
  const { apply, construct } = Reflect;
  const { isFinite } = Number;
  const isWellFormed = String.prototype.isWellFormed;
  const slice = String.prototype.slice;
  const asText = String;
  const ErrorKind = Error;
  const PRINTED_CHARACTERS = 1000;
  const TEXT_CHARACTERS = 500;
  const UNSUPPORTED = [Map, Set, WeakMap, WeakSet, WeakRef, Promise, RegExp, ArrayBuffer, SharedArrayBuffer, DataView,
    getPrototypeOf(Uint8Array)];
  const NAMES = ["Map", "Set", "WeakMap", "WeakSet", "WeakRef", "Promise", "RegExp", "ArrayBuffer",
    "SharedArrayBuffer", "DataView", "typed array"];
  const HINTS = { Map: "; give Object.fromEntries(map)", Set: "; give [...set]", Promise: "; nothing here is awaited" };
  const kindsOf = UNSUPPORTED.map((kind) => kind[Symbol.hasInstance].bind(kind));

  class NotJson {
    constructor(text) { this.text = text; }
  }

  // Functions whose name begins with `looply_` are skipped when the line of an error is determined.
  function withoutTime(what) {
    return function looply_absent() {
      throw new ErrorKind(`${what} is not available: a function has no clock; give \${utcNow()} in its input`);
    };
  }

  // Every source of nondeterminism is removed.
  const GivenDate = Date;
  function OnlyDate(...parts) {
    if (new.target === undefined || parts.length === 0) withoutTime("the current time")();
    return construct(GivenDate, parts, new.target);
  }
  OnlyDate.prototype = GivenDate.prototype;
  defineProperty(OnlyDate.prototype, "constructor", { value: OnlyDate, writable: true, configurable: true });
  OnlyDate.parse = GivenDate.parse;
  OnlyDate.UTC = GivenDate.UTC;
  OnlyDate.now = withoutTime("Date.now");
  defineProperty(OnlyDate, "name", { value: "Date" });
  globalThis.Date = OnlyDate;
  Math.random = function looply_absent() {
    throw new ErrorKind("Math.random is not available: a function has no random numbers; give ${rand(1, 100)} in its input");
  };
  for (const name of ["performance", "queueMicrotask", "SharedArrayBuffer", "Atomics"]) delete globalThis[name];

  let printed = "";
  function print(...parts) {
    if (printed.length >= PRINTED_CHARACTERS) return;
    let line = "";
    for (let index = 0; index < parts.length; index++) line += (index ? " " : "") + shown(parts[index]);
    printed += apply(slice, line, [0, PRINTED_CHARACTERS - printed.length]) + "\n";
  }
  globalThis.console = { log: print, info: print, warn: print, error: print, debug: print };

  function shown(value) {
    try {
      const text = typeof value === "object" && value !== null ? stringify(value) : asText(value);
      return apply(slice, asText(text), [0, TEXT_CHARACTERS]);
    } catch {
      return "?";
    }
  }

  function kindOf(value) {
    for (let index = 0; index < kindsOf.length; index++) {
      if (kindsOf[index](value)) return NAMES[index];
    }
    return "";
  }

  // Returns the plain JSON value of a result; `undefined` where JSON leaves it out.
  function plain(value, levels, path) {
    if (typeof value === "object" && value !== null && typeof value.toJSON === "function") {
      value = apply(value.toJSON, value, [""]);
    }
    switch (typeof value) {
      case "string":
        if (!apply(isWellFormed, value, [])) throw new NotJson(`${path} is a text with half a character (a lone surrogate)`);
        return value;
      case "number":
        if (!isFinite(value)) throw new NotJson(`${path} is ${asText(value)}, which JSON does not have`);
        return value;
      case "boolean":
      case "undefined":
        return value;
      case "bigint":
        throw new NotJson(`${path} is a BigInt; give Number(value) or String(value)`);
      case "object":
        return value === null ? null : contents(value, levels, path);
      default:
        throw new NotJson(`${path} is a ${typeof value}, which JSON does not have`);
    }
  }

  function contents(value, levels, path) {
    if (levels === 0) throw new NotJson("the result is nested too deeply, or contains itself");
    const kind = kindOf(value);
    if (kind) throw new NotJson(`${path} is a ${kind}, which JSON does not have${HINTS[kind] || ""}`);
    if (isArray(value)) {
      const copy = [];
      const { length } = value;
      for (let index = 0; index < length; index++) {
        const item = plain(value[index], levels - 1, `${path}[${index}]`);
        put(copy, index, item === undefined ? null : item);
      }
      return copy;
    }
    const copy = create(null);
    const names = keys(value);
    for (let index = 0; index < names.length; index++) {
      const name = names[index];
      if (!apply(isWellFormed, name, [])) throw new NotJson(`${path} has a name with half a character (a lone surrogate)`);
      const item = plain(value[name], levels - 1, `${path}.${name}`);
      if (item !== undefined) put(copy, name, item);
    }
    return copy;
  }

  function put(target, name, value) {
    defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  }

  function describeError(error) {
    const isError = typeof error === "object" && error !== null;
    const part = (name, other) => {
      try {
        const value = error[name];
        return typeof value === "string" ? apply(slice, value, [0, TEXT_CHARACTERS]) : other;
      } catch {
        return other;
      }
    };
    const facts = create(null);
    put(facts, "name", isError ? part("name", "Error") : "thrown");
    put(facts, "text", isError ? part("message", "") || (error instanceof ErrorKind ? "" : shown(error)) : shown(error));
    put(facts, "stack", isError ? part("stack", "") : "");
    put(facts, "printed", printed);
    return stringify(facts);
  }

  function describeNotJson(error) {
    const facts = create(null);
    put(facts, "text", error.text);
    put(facts, "printed", printed);
    return stringify(facts);
  }

  let body;
  globalThis.__looply = {
    take(code) {
      body = code;
    },
    run(levels, most) {
      const input = globalThis.__input;
      delete globalThis.__input;
      delete globalThis.__looply;
      try {
        const result = plain(body(parse(input)), levels, "the result");
        const text = result === undefined ? "null" : stringify(result);
        if (text.length > most) return `r${describeNotJson(new NotJson(`the result has more than ${most} bytes`))}`;
        return `v${text}`;
      } catch (error) {
        return error instanceof NotJson ? `r${describeNotJson(error)}` : `e${describeError(error)}`;
      }
    },
  };
})();
