import { send } from "../shared/http";
import { watchPresses } from "../shared/presses";
import { watchPerson } from "./asking";
import { Inbox } from "./page";
import { languageFor } from "./text";

const root = document.getElementById("inbox");
const token = decodeURIComponent(location.pathname.split("/").filter(Boolean).at(-1) ?? "");

if (root !== null) {
  const language = languageFor(navigator.languages);
  document.documentElement.lang = language.text.locale;
  const inbox = new Inbox({
    root,
    token,
    language,
    send,
    openUrl: (url) => void window.open(url, "_blank", "noopener,noreferrer"),
    hasPerson: watchPerson(document),
    pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  });
  watchPresses(window);
  void inbox.start();
}
