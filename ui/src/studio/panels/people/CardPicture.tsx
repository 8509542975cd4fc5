/** The card of a step as a recipient sees it, on the sample. */

import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../../api/context";
import { identityOf, useExpressionSource } from "../../../expression/source";
import { useRested } from "../../../expression/use-rested";
import { CardFrame } from "../../../frame/CardFrame";
import { useThemeName } from "../../../kit/theme";
import { usePreferences } from "../../../session/preferences";
import { isObject, type JsonObject } from "../../../shared/http";
import { useText } from "../../../text/language";
import styles from "../Panels.module.css";
import { PANEL_TEXTS } from "../text";

const REST_MS = 300;
const ignore = (): void => undefined;

export function CardPicture({ card }: { card: JsonObject }) {
  const { card: text } = useText(PANEL_TEXTS);
  const theme = useThemeName(usePreferences().preferences.theme);
  const api = useApi();
  const { sample } = useExpressionSource();
  const rested = useRested(card, REST_MS);
  const { data } = useQuery({
    queryKey: ["card-picture", rested, identityOf(sample)],
    queryFn: ({ signal }) => api.call("evaluateExpression", { card: rested, data: sample ?? {} }, { signal }),
    retry: false,
    gcTime: 0,
  });
  if (data === undefined) return null;
  if (data.error !== null || !isObject(data.value)) {
    return <p className={styles.bad}>{text.noPicture(data.error?.message ?? "")}</p>;
  }
  return (
    <section aria-label={text.picture}>
      <h3 className={styles.title}>{text.picture}</h3>
      <CardFrame card={data.value} subject={text.picture} isOpen theme={theme} onAction={ignore} onButtons={ignore} />
    </section>
  );
}
