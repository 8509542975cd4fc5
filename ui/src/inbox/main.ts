import { send } from "../shared/http";
import { Inbox } from "./inbox";

const root = document.getElementById("inbox");
const token = decodeURIComponent(location.pathname.split("/").filter(Boolean).at(-1) ?? "");

if (root !== null) {
  const inbox = new Inbox({
    root,
    token,
    send,
    openUrl: (url) => void window.open(url, "_blank", "noopener,noreferrer"),
    pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  });
  void inbox.start();
}
