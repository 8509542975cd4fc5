/** The entry of the web app. */

import { createDOMRenderer, RendererProvider } from "@fluentui/react-components";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { createApi } from "./api/client";
import { browserStream } from "./api/stream/browser";
import "./kit/tokens.css";
import { createAppRouter } from "./router";

// Fluent writes its styles into elements of the page, which the content security policy permits by this nonce only.
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
const renderer = createDOMRenderer(document, { styleElementAttributes: { nonce } });
const place = document.getElementById("app");
if (place === null) throw new Error("app.html has no element with the id app");

createRoot(place).render(
  <StrictMode>
    <RendererProvider renderer={renderer}>
      <App api={createApi()} router={createAppRouter()} stream={browserStream()} />
    </RendererProvider>
  </StrictMode>,
);
