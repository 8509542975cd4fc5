/** A card of another author, drawn in a frame that can reach nothing of the app. */

import { lazy, type Ref, Suspense, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from "react";
import { Note } from "../kit/Note";
import type { JsonObject } from "../shared/http";
import { useText } from "../text/language";
import styles from "./CardFrame.module.css";
import { type OutsideLink, outsideLinkOf } from "./links";
import {
  type FrameAction,
  type FrameButton,
  type FrameLook,
  type FrameTheme,
  type FromFrame,
  fromFrameOf,
  LARGEST,
  sizeOf,
  type ToFrame,
} from "./messages";
import { TEXTS } from "./text";

/** The tab of Teams, which is a build of its own, has a frame of its own: pages of Teams may lie around it. */
const ADDRESS = import.meta.env.MODE === "teams" ? "/teams/card-frame" : "/card-frame";

const Leave = lazy(async () => ({ default: (await import("./Leave")).Leave }));

export interface CardFrameHandle {
  /** Presses a button of the card by its place, for a click or for a key: the card checks its inputs first. */
  press: (at: number, isKey: boolean) => void;
  /** Puts the focus into an input by its id, into the first one where there is no such. */
  focus: (input: string) => void;
}

/** What a designer needs of a card besides. */
export interface DesignedCard {
  look: FrameLook;
  /** The addresses of the parts that are marked. Made once for each change. */
  marked: readonly string[];
  onPart: (part: string) => void;
}

interface CardFrameProps {
  card: JsonObject;
  /** Names the card for who cannot see it. */
  subject: string;
  /** Whether the card takes an answer. Without, it has no inputs and no buttons. */
  isOpen: boolean;
  isBusy?: boolean;
  theme: FrameTheme;
  onAction: (action: FrameAction) => void;
  /** The buttons at the foot of the card, which the app shows in its place. */
  onButtons: (buttons: readonly FrameButton[]) => void;
  /** Given where the card is designed: it keeps its buttons, and its parts can be marked and pressed. */
  designed?: DesignedCard;
  ref?: Ref<CardFrameHandle>;
}

export function CardFrame(props: CardFrameProps) {
  const { card, subject, isOpen, isBusy = false, theme, onAction, onButtons, designed, ref } = props;
  const text = useText(TEXTS);
  const [height, setHeight] = useState(0);
  const [isUnshown, setIsUnshown] = useState(false);
  const [link, setLink] = useState<OutsideLink | null>(null);
  const isTooLarge = sizeOf(card) > LARGEST;
  const { frame, isReady, post } = useMessages((message) => {
    switch (message.kind) {
      case "drawn":
        setIsUnshown(false);
        return onButtons(message.buttons);
      case "unshown":
        setIsUnshown(true);
        return onButtons([]);
      case "height":
        return setHeight(message.height);
      case "action":
        return onAction(message.action);
      case "link":
        return setLink(outsideLinkOf(message.url));
      case "part":
        return designed?.onPart(message.part);
      case "key":
        return void window.dispatchEvent(new KeyboardEvent("keydown", { key: message.key, repeat: message.isRepeat }));
    }
  });
  useImperativeHandle(ref, () => ({
    press: (at, isKey) => post({ kind: "press", at, isKey }),
    focus: (input) => {
      frame.current?.focus();
      post({ kind: "focus", input });
    },
  }));
  usePosts(post, { card, isOpen, isBusy, theme, designed, isReady, isTooLarge });
  if (isTooLarge) return <Note tone="warning">{text.tooLarge}</Note>;
  return (
    <>
      {isUnshown && <Note tone="warning">{text.unshown}</Note>}
      <iframe
        ref={frame}
        className={styles.frame}
        title={text.card(subject)}
        src={ADDRESS}
        sandbox="allow-scripts"
        referrerPolicy="no-referrer"
        style={{ height: isUnshown ? 0 : height }}
      />
      <Suspense>{link !== null && <Leave link={link} onClose={() => setLink(null)} />}</Suspense>
    </>
  );
}

type Post = (message: ToFrame) => void;

interface PostsProps extends Pick<CardFrameProps, "card" | "isOpen" | "theme"> {
  isBusy: boolean;
  designed: DesignedCard | undefined;
  isReady: boolean;
  isTooLarge: boolean;
}

/** Sends the card to the frame, and each change of how it is shown. */
function usePosts(post: Post, { card, isOpen, isBusy, theme, designed, isReady, isTooLarge }: PostsProps): void {
  const text = useText(TEXTS);
  const { look = "inbox", marked } = designed ?? {};
  const isDesigned = designed !== undefined;
  // The theme alone does not draw the card again, which would lose what was filled in.
  const latest = useRef(theme);
  latest.current = theme;
  useEffect(() => {
    const { locale, moreActions, imageSign, unnamedImage } = text;
    const words = { locale, moreActions, imageSign, unnamedImage };
    if (!isReady || isTooLarge) return;
    post({ kind: "card", card, isOpen, theme: latest.current, words, look, isDesigned });
  }, [isReady, isTooLarge, card, isOpen, text, look, isDesigned, post]);
  useEffect(() => {
    if (isReady && marked !== undefined) post({ kind: "mark", parts: marked });
  }, [isReady, marked, post]);
  useEffect(() => {
    if (isReady) post({ kind: "theme", theme });
  }, [isReady, theme, post]);
  useEffect(() => {
    if (isReady) post({ kind: "enable", isEnabled: !isBusy });
  }, [isReady, isBusy, post]);
}

/** The messages of one frame. Those of any other window are not looked at. */
function useMessages(onMessage: (message: Exclude<FromFrame, { kind: "ready" }>) => void) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [isReady, setIsReady] = useState(false);
  const latest = useRef(onMessage);
  latest.current = onMessage;
  // In the same task as the frame is made, so that its first message finds a listener.
  useLayoutEffect(() => {
    const take = (event: MessageEvent): void => {
      if (event.source === null || event.source !== frame.current?.contentWindow) return;
      const message = fromFrameOf(event.data);
      if (message?.kind === "ready") setIsReady(true);
      else if (message !== null) latest.current(message);
    };
    window.addEventListener("message", take);
    return () => window.removeEventListener("message", take);
  }, []);
  // The origin of the frame has no name; only the page that `frame-src` permits can be in it.
  const [post] = useState(() => (message: ToFrame) => frame.current?.contentWindow?.postMessage(message, "*"));
  return { frame, isReady, post };
}
