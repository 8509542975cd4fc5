/** An HTML mail, drawn in a frame that can reach nothing of the app. */

import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { Note } from "../../kit/Note";
import { useText } from "../../text/language";
import styles from "../CardFrame.module.css";
import { fromMailOf, LARGEST_MAIL, type ToMail } from "./messages";
import { TEXTS } from "./text";

interface MailFrameProps {
  html: string;
  /** Names the mail for who cannot see it. */
  subject: string;
}

export function MailFrame({ html, subject }: MailFrameProps) {
  const text = useText(TEXTS);
  const frame = useRef<HTMLIFrameElement>(null);
  const [isReady, setIsReady] = useState(false);
  const [height, setHeight] = useState(0);
  const isTooLarge = html.length > LARGEST_MAIL;
  // In the same task as the frame is made, so that its first message finds a listener.
  useLayoutEffect(() => {
    const take = (event: MessageEvent): void => {
      if (event.source === null || event.source !== frame.current?.contentWindow) return;
      const message = fromMailOf(event.data);
      if (message?.kind === "ready") setIsReady(true);
      else if (message !== null) setHeight(message.height);
    };
    window.addEventListener("message", take);
    return () => window.removeEventListener("message", take);
  }, []);
  useEffect(() => {
    if (!isReady || isTooLarge) return;
    const message: ToMail = { kind: "mail", html, words: { locale: text.locale, image: text.image } };
    // The origin of the frame has no name; only the page that `frame-src` permits can be in it.
    frame.current?.contentWindow?.postMessage(message, "*");
  }, [isReady, isTooLarge, html, text]);
  if (isTooLarge) return <Note tone="warning">{text.tooLarge}</Note>;
  return (
    <iframe
      ref={frame}
      className={styles.frame}
      title={text.mail(subject)}
      src="/mail-frame"
      sandbox="allow-scripts"
      referrerPolicy="no-referrer"
      style={{ height }}
    />
  );
}
