/** What is wrong in a card, from its template alone. What depends on data, the server says. */

import { isObject, type JsonObject } from "../../shared/http";
import { outlineOf, type Part } from "../document/outline";
import type { Check, CheckCode } from "./check";
import { contrastFindings } from "./contrast";

const INPUT = /^Input\./;
const ANSWERS = ["Action.Submit", "Action.Execute"];
const BOUND = "${";

/** Returns the findings on a card. `isApproval`: it is used, or meant, for a step that asks for an approval. */
export function checkCard(card: JsonObject, isApproval = false, parts = outlineOf(card)): readonly Check[] {
  return [
    ...ofCard(card),
    ...parts.flatMap(ofPart(String(card.version ?? ""))),
    ...ofIds(parts),
    ...(isApproval || looksLikeApproval(parts) ? ofApproval(parts) : []),
    ...contrastFindings(parts),
  ];
}

function finding(code: CheckCode, level: Check["level"], pointer: string, property = "", detail = ""): Check {
  return { code, level, pointer, property, detail };
}

function ofCard(card: JsonObject): Check[] {
  if (card.type !== "AdaptiveCard") return [finding("NOT_A_CARD", "error", "", "type")];
  const { version } = card;
  if (version === undefined) return [finding("VERSION_MISSING", "warning", "", "version")];
  if (typeof version === "string" && !version.includes(BOUND) && newer(version, "1.5")) {
    return [finding("VERSION_HIGH", "error", "", "version", version)];
  }
  return [];
}

const ofPart =
  (version: string) =>
  (part: Part): Check[] => {
    const { element, pointer, type, value } = part;
    if (element === undefined) {
      // That the whole is no card is said once.
      return pointer === "" ? [] : [finding("PART_UNKNOWN", "warning", pointer, "type", type)];
    }
    const found =
      part.path.length > 0 && newer(element.since, version)
        ? [finding("PART_NEWER", "warning", pointer, "", element.since)]
        : [];
    return [...found, ...ofProperties(part, version), ...ofAddresses(part), ...ofAnswer(type, pointer, value)];
  };

function ofProperties({ element, pointer, value }: Part, version: string): Check[] {
  return (element?.properties ?? []).flatMap((property) => {
    const { name, since, isRequired, choices } = property;
    const given = value[name];
    if (given === undefined || given === "") {
      return isRequired ? [finding("VALUE_MISSING", "warning", pointer, name)] : [];
    }
    const found: Check[] = [];
    if (newer(since, version) && name !== "version") {
      found.push(finding("PROPERTY_NEWER", "warning", pointer, name, since));
    }
    if (property.kind === "choice" && name !== "version" && !isChoice(choices, given)) {
      found.push(finding("CHOICE_UNKNOWN", "warning", pointer, name, String(given).slice(0, 60)));
    }
    return found;
  });
}

// Readers accept any case.
function isChoice(choices: readonly string[], given: unknown): boolean {
  if (typeof given !== "string") return false;
  return given.includes(BOUND) || choices.some((each) => each.toLowerCase() === given.toLowerCase());
}

function ofAddresses({ element, pointer, type, value }: Part): Check[] {
  const found: Check[] = [];
  for (const { name, kind } of element?.properties ?? []) {
    const given = value[name];
    const address = isObject(given) ? given.url : given;
    if (typeof address !== "string" || address === "" || address.startsWith(BOUND)) continue;
    if (kind === "image" && !/^(https:\/\/|data:image\/)/i.test(address)) {
      found.push(finding("IMAGE_NOT_HTTPS", "error", pointer, name));
    }
    if (kind === "url" && !/^(https?:|mailto:)/i.test(address)) {
      found.push(finding("LINK_NOT_SAFE", "error", pointer, name));
    }
  }
  if (type === "Image" && !value.altText) found.push(finding("IMAGE_WITHOUT_TEXT", "warning", pointer, "altText"));
  return found;
}

function ofAnswer(type: string, pointer: string, { data, id, label, title }: JsonObject): Check[] {
  const found: Check[] = [];
  const isData = isObject(data) && typeof data.action === "string" && data.action !== "";
  if (ANSWERS.includes(type) && !isData) found.push(finding("ACTION_WITHOUT_DATA", "error", pointer, "data"));
  if (!INPUT.test(type)) return found;
  if (typeof id !== "string" || id === "") found.push(finding("INPUT_WITHOUT_ID", "error", pointer, "id"));
  if (!label && !(type === "Input.Toggle" && title)) {
    found.push(finding("INPUT_WITHOUT_LABEL", "warning", pointer, "label"));
  }
  return found;
}

function ofIds(parts: readonly Part[]): Check[] {
  const seen = new Set<string>();
  return parts.flatMap(({ type, value, pointer }) => {
    const { id } = value;
    if (!INPUT.test(type) || typeof id !== "string" || id === "" || id.includes(BOUND)) return [];
    if (seen.has(id)) return [finding("INPUT_ID_TWICE", "error", pointer, "id", id)];
    seen.add(id);
    return [];
  });
}

function actionsOf(parts: readonly Part[]): string[] {
  const answers = parts.filter(({ type }) => ANSWERS.includes(type));
  return answers.flatMap(({ value: { data } }) =>
    isObject(data) && typeof data.action === "string" ? [data.action] : [],
  );
}

function looksLikeApproval(parts: readonly Part[]): boolean {
  return actionsOf(parts).some((action) => action === "approve" || action === "reject");
}

function ofApproval(parts: readonly Part[]): Check[] {
  const actions = actionsOf(parts);
  const hasComment = parts.some(({ type, value }) => type === "Input.Text" && value.id === "comment");
  return [
    ...(actions.includes("approve") ? [] : [finding("APPROVAL_WITHOUT_APPROVE", "error", "")]),
    ...(actions.includes("reject") ? [] : [finding("APPROVAL_WITHOUT_REJECT", "error", "")]),
    ...(hasComment ? [] : [finding("APPROVAL_WITHOUT_COMMENT", "warning", "")]),
  ];
}

/** Returns whether a version is newer than another; one that is none is not. */
function newer(version: string, than: string): boolean {
  const [one, other] = [version, than].map((each) => /^(\d+)\.(\d+)$/.exec(each)?.slice(1).map(Number));
  if (one === undefined || other === undefined) return false;
  const [major = 0, minor = 0] = one;
  const [otherMajor = 0, otherMinor = 0] = other;
  return major === otherMajor ? minor > otherMinor : major > otherMajor;
}
