/** The form of each step type. A type that is not here is edited as JSON. */

import type { StepTypeName } from "../../api/step-types";
import { DATASTORE } from "./data/datastore";
import { OVERRIDE_PAYLOAD } from "./data/override-payload";
import { DELAY } from "./ends/delay";
import { JOIN } from "./ends/join";
import { REDIRECT } from "./ends/redirect";
import { TERMINATE } from "./ends/terminate";
import { ADVANCED_CONDITIONAL } from "./flow/advanced-conditional";
import { BRANCH_CONDITIONAL } from "./flow/branch-conditional";
import { CONDITIONAL } from "./flow/conditional";
import { FOR_EACH } from "./flow/for-each";
import { PARALLEL } from "./flow/parallel";
import { SUBWORKFLOW } from "./flow/subworkflow";
import type { StepForm } from "./form/spec";
import { ADAPTIVE_CARD } from "./people/adaptive-card";
import { APPROVAL } from "./people/approval";
import { WAIT } from "./people/wait";
import { EMAIL } from "./systems/email";
import { FUNCTION } from "./systems/function";
import { HTTP_REQUEST } from "./systems/http-request";
import { OPERATION } from "./systems/operation";
import { SAP_REQUEST } from "./systems/sap-request";
import { TRIGGER } from "./trigger/trigger";

export const FORMS: Readonly<Record<StepTypeName, StepForm>> = {
  trigger: TRIGGER,
  httpRequest: HTTP_REQUEST,
  sapRequest: SAP_REQUEST,
  operation: OPERATION,
  function: FUNCTION,
  conditional: CONDITIONAL,
  branchConditional: BRANCH_CONDITIONAL,
  advancedConditional: ADVANCED_CONDITIONAL,
  adaptiveCard: ADAPTIVE_CARD,
  approval: APPROVAL,
  wait: WAIT,
  delay: DELAY,
  overridePayload: OVERRIDE_PAYLOAD,
  datastore: DATASTORE,
  email: EMAIL,
  parallel: PARALLEL,
  join: JOIN,
  forEach: FOR_EACH,
  subworkflow: SUBWORKFLOW,
  redirect: REDIRECT,
  terminate: TERMINATE,
};

const BY_NAME: ReadonlyMap<string, StepForm> = new Map(Object.entries(FORMS));

/** Returns the form of a step type; null for a type that the app does not know. */
export function formOf(type: string): StepForm | null {
  return BY_NAME.get(type) ?? null;
}
