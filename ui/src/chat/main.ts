import { send } from "../shared/http";
import { callsBy } from "./calls";
import { ChatPage } from "./page";
import { textFor } from "./text";

const root = document.getElementById("chat");

if (root !== null) {
  const text = textFor(navigator.languages);
  document.documentElement.lang = text.locale;
  document.documentElement.dataset.look = "teams";
  document.documentElement.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const page = new ChatPage({
    root,
    user: new URLSearchParams(location.search).get("user") ?? "",
    calls: callsBy(send),
    text,
    locale: navigator.language,
    openUrl: (url) => void window.open(url, "_blank", "noopener,noreferrer"),
    pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  });
  void page.run();
}
