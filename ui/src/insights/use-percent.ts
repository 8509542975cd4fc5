/** How shares are written. */

import { useText } from "../text/language";
import { TEXTS } from "./text";

export function usePercent() {
  const { locale } = useText(TEXTS);
  const plain = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
  const signs = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0, signDisplay: "always" });
  const numbers = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  return {
    plain: (share: number) => plain.format(share),
    signed: (share: number) => signs.format(share),
    points: (value: number) => numbers.format(value),
  };
}
