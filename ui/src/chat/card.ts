/** One card of the chat, drawn by Microsoft's own client of universal actions. */

import {
  ActivityRequestError,
  type ActivityResponse,
  AdaptiveApplet,
  ChannelAdapter,
  ErrorResponse,
  ExecuteAction,
  GlobalSettings,
  type IActivityRequest,
  OpenUrlAction,
  RefreshMode,
  SerializationContext,
  SuccessResponse,
  Version,
} from "adaptivecards";
// Registers what the renderer lacks, and the Markdown of cards.
import "../frame/card";
import { hostConfig } from "../frame/host-config";
import { safeUrl } from "../frame/markdown";
import { isObject, type JsonObject, Unreachable } from "../shared/http";
import type { Press, Pressed } from "./calls";

export interface CardOptions {
  /** The locale of the reader, such as `de-AT`. */
  locale: string;
  /** The id by which the bot knows the reader: a card is refreshed by itself for those whom it names. */
  mri: string;
  /** Sends a press. Throws `Unreachable`. */
  press: (press: Pick<Press, "action" | "trigger">) => Promise<Pressed>;
  openUrl: (url: string) => void;
  /** Shows why a press had no answer; null takes that away. */
  report: (failure: { message: string; isReached: boolean } | null) => void;
}

// As Teams does: a card that is shown asks once for its present state.
GlobalSettings.applets.logEnabled = false;
GlobalSettings.applets.refresh.mode = RefreshMode.Automatic;
GlobalSettings.applets.refresh.timeBetweenAutomaticRefreshes = 0;
GlobalSettings.applets.refresh.maximumConsecutiveAutomaticRefreshes = 1;
GlobalSettings.applets.refresh.allowManualRefreshesAfterAutomaticRefreshes = false;

/** Sends what the client of universal actions asks for. */
class Channel extends ChannelAdapter {
  constructor(private readonly options: CardOptions) {
    super();
  }

  override async sendRequestAsync(request: IActivityRequest): Promise<ActivityResponse> {
    const { action, trigger } = request;
    const data: JsonObject = isObject(action.data) ? action.data : {};
    const verb = action instanceof ExecuteAction ? action.verb : "";
    try {
      const pressed = await this.options.press({ action: { verb, data }, trigger });
      if ("card" in pressed) return new SuccessResponse(request, JSON.stringify(pressed.card));
      return new ErrorResponse(request, new ActivityRequestError(pressed.code, pressed.message));
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      return new ErrorResponse(request, new ActivityRequestError("Unreachable"));
    }
  }
}

export class ChatCard {
  readonly #applet = new AdaptiveApplet();
  readonly #options: CardOptions;

  constructor(options: CardOptions) {
    this.#options = options;
    this.#applet.hostConfig = hostConfig(true, "teams");
    this.#applet.channelAdapter = new Channel(options);
    this.#applet.onCreateSerializationContext = () => {
      const context = new SerializationContext(new Version(1, 6));
      // Video and audio would load from elsewhere, which the policy of the page forbids.
      context.elementRegistry.unregister("Media");
      return context;
    };
    this.#applet.onAction = (_, action) => {
      const url = action instanceof OpenUrlAction ? safeUrl(action.url ?? "") : null;
      if (url !== null) options.openUrl(url);
    };
    this.#applet.onActivityRequestSucceeded = () => options.report(null);
    this.#applet.onActivityRequestFailed = (_, { error }) => {
      options.report({ message: error.message ?? "", isReached: error.code !== "Unreachable" });
      return -1; // The reader tries again.
    };
  }

  get element(): HTMLElement {
    return this.#applet.renderedElement;
  }

  /** Shows a card in the place of the present one. */
  show(card: JsonObject): void {
    const { refresh, ...rest } = card;
    const shown = { lang: this.#options.locale, ...rest };
    this.#applet.setCard(this.#isReader(refresh) ? { ...shown, refresh } : shown);
  }

  /** Asks for the present state of the card. */
  refresh(): void {
    this.#applet.refreshCard();
  }

  #isReader(refresh: unknown): boolean {
    if (!isObject(refresh)) return false;
    return !Array.isArray(refresh.userIds) || refresh.userIds.includes(this.#options.mri);
  }
}
