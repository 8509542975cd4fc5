/** The entry of the personal tab of Microsoft Teams. */

import { createDOMRenderer, RendererProvider } from "@fluentui/react-components";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./kit/tokens.css";
import { TeamsApp } from "./TeamsApp";
import { browserHost } from "./teams/browser-host";

const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
const renderer = createDOMRenderer(document, { styleElementAttributes: { nonce } });
const place = document.getElementById("app");
if (place === null) throw new Error("teams.html has no element with the id app");
const connection = new URLSearchParams(window.location.search).get("connection") ?? "";

createRoot(place).render(
  <StrictMode>
    <RendererProvider renderer={renderer}>
      <TeamsApp host={browserHost()} connection={connection} />
    </RendererProvider>
  </StrictMode>,
);
