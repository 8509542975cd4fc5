export const english = { title: "My account" };
export type MeText = typeof english;
