/** The panel of one step on an API in memory. */

import { QueryClientProvider } from "@tanstack/react-query";
import { type RenderResult, render } from "@testing-library/react";
import userEvent, { type UserEvent } from "@testing-library/user-event";
import { ApiProvider } from "../../src/api/context";
import { createQueryClient } from "../../src/api/query-client";
import type { Permission } from "../../src/api/types";
import { ThemeProvider } from "../../src/kit/theme";
import { PreferencesProvider } from "../../src/session/preferences";
import { SessionProvider } from "../../src/session/session";
import { createFlag, SignedOutProvider } from "../../src/session/signed-out";
import { parseExact } from "../../src/shared/exact";
import { isObject } from "../../src/shared/http";
import type { Definition } from "../../src/studio/document/definition";
import { createStudioStore, type StudioStore } from "../../src/studio/document/store";
import { StepPanel } from "../../src/studio/panels/StepPanel";
import { type Language, LanguageProvider } from "../../src/text/language";
import { TimesProvider } from "../../src/text/time";
import { type FakeApi, fakeApi, type Handlers } from "./api";
import { NOW, sessionOf } from "./people";

export interface OpenPanel extends RenderResult {
  api: FakeApi;
  user: UserEvent;
  store: StudioStore;
}

/** What a person may who builds workflows. */
export const MAKER: readonly Permission[] = ["read.definitions", "read.payloads", "read.executions", "edit.drafts"];

interface PanelOptions {
  language?: Language;
  permissions?: readonly Permission[];
}

/** Handlers of everything that a panel reads by itself. */
export const QUIET: Handlers = {
  getStepTypes: () => ({ message: "success", count: 0, items: [], operations: [], channels: ["inbox"] }),
  getSamples: ({ workflow_id }) => ({ message: "success", item: noSamples(workflow_id) }),
  getExecutionRows: () => ({ message: "success", count: 0, items: [] }),
  getProfiles: () => ({ message: "success", count: 0, items: [] }),
  getConnections: () => ({ message: "success", count: 0, items: [] }),
  getDatastores: () => ({ message: "success", count: 0, items: [] }),
  getOrganizationWorkflows: () => ({ message: "success", count: 0, items: [] }),
  getCards: () => ({ message: "success", count: 0, items: [] }),
  getExpressionFunctions: () => ({ message: "success", count: 0, items: [] }),
  describeData: () => ({ message: "success", count: 0, items: [], is_cut: false }),
  validateExpression: () => ({ message: "success", errors: [], warnings: [], type: null }),
  completeExpression: () => ({ message: "success", count: 0, items: [] }),
  validateWorkflow: () => ({ message: "success", errors: [], warnings: [], error_count: 0, warning_count: 0 }),
  previewSchedule: () => ({ message: "success", timezone: "UTC", change_on: null, count: 0, items: [] }),
};

function noSamples(workflow_id: string) {
  return { workflow_id, revision: 0, payloads: [], outputs: {}, modified_by: null, modified_on: null };
}

export function storeWith(definition: Definition, isReadOnly = false): StudioStore {
  return createStudioStore({ workflowId: "workflow-1", version: 3, document: definition, isReadOnly, now: () => NOW });
}

/** Returns a definition with a start and one step, read from JSON text as the Studio reads it. */
export function definitionOf(step: string): Definition {
  const text = `{"workflow_name": "Orders", "workflow_steps": [
    {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}}, ${step}],
    "workflow_connections": []}`;
  const value = parseExact(text);
  if (!isObject(value)) throw new Error("not a definition");
  return value as Definition;
}

export function openPanel(
  store: StudioStore,
  stepId: string,
  handlers: Handlers = {},
  { language = "en", permissions = MAKER }: PanelOptions = {},
): OpenPanel {
  const api = fakeApi(QUIET, handlers);
  const session = sessionOf({ permissions: [...permissions] });
  const result = render(
    <ApiProvider api={api}>
      <QueryClientProvider client={createQueryClient(() => undefined, { repeats: 0 })}>
        <SignedOutProvider flag={createFlag()}>
          <SessionProvider session={session}>
            <LanguageProvider language={language}>
              <PreferencesProvider>
                <TimesProvider style="utc" clock={() => NOW}>
                  <ThemeProvider theme="light" density="comfortable">
                    <main>
                      <h1>Orders</h1>
                      <h2>Step</h2>
                      <StepPanel store={store} stepId={stepId} />
                    </main>
                  </ThemeProvider>
                </TimesProvider>
              </PreferencesProvider>
            </LanguageProvider>
          </SessionProvider>
        </SignedOutProvider>
      </QueryClientProvider>
    </ApiProvider>,
  );
  return { ...result, api, user: userEvent.setup({ delay: null }), store };
}
