/** The entry of the web app, also where it is the tab of Teams: a second entry would divide the chunks of this one. */

import { createDOMRenderer, RendererProvider } from "@fluentui/react-components";
import { Outlet } from "@tanstack/react-router";
import { type ReactNode, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { createApi } from "./api/client";
import { browserStream } from "./api/stream/browser";
import "./kit/tokens.css";
import { shell } from "./root-routes";
import { createAppRouter } from "./router";

// Fluent writes its styles into elements of the page, which the content security policy permits by this nonce only.
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
const renderer = createDOMRenderer(document, { styleElementAttributes: { nonce } });
const place = document.getElementById("app");
if (place === null) throw new Error("app.html has no element with the id app");

const show = (app: ReactNode): void =>
  createRoot(place).render(
    <StrictMode>
      <RendererProvider renderer={renderer}>{app}</RendererProvider>
    </StrictMode>,
  );
if (window.location.pathname === "/teams/inbox") {
  const parts = { App, createApi, createRouter: createAppRouter, Outlet, shell };
  void import("./teams-start").then(({ Start }) => show(<Start {...parts} />));
} else show(<App api={createApi()} router={createAppRouter()} stream={browserStream()} />);
