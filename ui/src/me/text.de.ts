import type { MeText } from "./text.en";
export const german = { title: "Mein Konto" } satisfies MeText;
