/** What a system says that it offers, as far as it can be read. */

import { isObject, textOf } from "../../shared/http";

export interface OfferedService {
  path: string;
  name: string;
  title: string;
  /** The version of OData. */
  version: string;
}

/** Returns the services of an answer; what is none is left out. */
export function servicesOf(item: unknown): readonly OfferedService[] {
  const services = isObject(item) && Array.isArray(item.services) ? item.services : [];
  return services.filter(isObject).flatMap(({ path, name, title, version }) => {
    const found = textOf(path) ?? "";
    if (found === "") return [];
    return [{ path: found, name: textOf(name) ?? found, title: textOf(title) ?? "", version: textOf(version) ?? "" }];
  });
}

/** Returns the services that have every word of a text in their name, title or path. */
export function findServices(services: readonly OfferedService[], text: string): readonly OfferedService[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return services.filter(({ path, name, title }) => {
    const all = `${name} ${title} ${path}`.toLowerCase();
    return words.every((word) => all.includes(word));
  });
}
