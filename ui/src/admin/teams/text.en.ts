/** The texts of installations for many people. */
export const english = {
  choose: (name: string) => `Choose ${name}`,
  installMissing: "Install for all without the app",
  installFor: (people: number) => (people === 1 ? "Install for 1 person" : `Install for ${people} people`),
  installTitle: "Install the app for people?",
  install: "Install",
  installHint: "Graph installs the app in the background, for a few people in a second. Nothing is sent to them.",
  forecast: (people: number) =>
    ({ 0: "All of them have the app.", 1: "1 person gets the app." })[people] ?? `${people} people get the app.`,
  skipped: (people: number) =>
    people === 1 ? "1 person has it already and is left out." : `${people} people have it already and are left out.`,
  truncated: "One installation takes 500 people. Start another one for the others after it.",
  installations: "Installations for many people",
  installationsHint: "How far each is, and for whom it was refused.",
  noInstallations: "The app was not installed for many people at once yet.",
  started: "Started",
  by: "By",
  progress: "Progress",
  progressOf: (installed: number, people: number) => `${installed} of ${people} installed`,
  refusedFor: (people: number) => `${people} refused`,
  runs: { RUNNING: "Running", DONE: "Done", CANCELLED: "Cancelled" },
  cancelRun: "Stop",
  cancelRunTitle: "Stop the installation?",
  cancelRunHint: "The app stays where it was installed.",
  whyRefused: "Why",
  refusals: "For whom it was refused",
  code: "Code",
};
