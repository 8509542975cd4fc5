/** The whole app on an API in memory. */

import { createMemoryHistory } from "@tanstack/react-router";
import { type RenderResult, render, screen } from "@testing-library/react";
import userEvent, { type UserEvent } from "@testing-library/user-event";
import axe from "axe-core";
import { expect } from "vitest";
import { App } from "../../src/App";
import { type HeadStream, SILENT } from "../../src/api/stream/heads";
import { createAppRouter } from "../../src/router";
import { type FakeApi, fakeApi, type Handlers } from "./api";
import { NOW } from "./people";

/** Fills a field by its label. Pasted, because each key draws the form once. */
export async function fill(user: UserEvent, label: RegExp | string, text: string): Promise<void> {
  await user.click(screen.getByLabelText(label));
  await user.paste(text);
}

export interface Visit extends RenderResult {
  api: FakeApi;
  user: UserEvent;
  /** The address in the app, such as `/admin/keys`. */
  address: () => string;
}

/** Opens a path of the app, such as `/admin/keys`. */
export function visit(path: string, ...handlers: readonly Handlers[]): Visit {
  return visitLive(path, SILENT, ...handlers);
}

/** Opens a path of the app, with a stream of news. */
export function visitLive(path: string, stream: HeadStream, ...handlers: readonly Handlers[]): Visit {
  const api = fakeApi(...handlers);
  const history = createMemoryHistory({ initialEntries: [`/app${path}`] });
  const router = createAppRouter(history);
  const result = render(<App api={api} router={router} stream={stream} clock={() => NOW} repeats={0} />);
  const address = (): string => history.location.href.replace(/^\/app/, "");
  return { ...result, api, user: userEvent.setup({ delay: null }), address };
}

/** Fails when axe finds something in the page. Colors, and what style sheets hide, need a real browser: the stories. */
export async function expectAccessible(): Promise<void> {
  const { violations } = await axe.run(
    // The hundreds of time zones that a field suggests are the browser's own list; jsdom takes seconds to look at each.
    { include: [document.body], exclude: [["[role=tooltip]"], ["datalist"]] },
    {
      rules: { "color-contrast": { enabled: false } },
      resultTypes: ["violations"],
      // jsdom loads nothing into frames.
      iframes: false,
    },
  );
  const found = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(" ")}`);
  expect(found).toEqual([]);
}
