/** The texts of installations for many people. */
export const english = {
  choose: (name: string) => `Choose ${name}`,
  installMissing: "Install for all without the app",
  installFor: (people: number) => (people === 1 ? "Install for 1 person" : `Install for ${people} people`),
  installTitle: "Install the app for people?",
  install: "Install",
  installHint: "Graph installs the app in the background, for a few people in a second. Nothing is sent to them.",
  forecast: (people: number) =>
    ({ 0: "No person gets the app.", 1: "1 person gets the app." })[people] ?? `${people} people get the app.`,
  skipped: (people: number) =>
    people === 1 ? "1 person has it already and is left out." : `${people} people have it already and are left out.`,
  /** To whom an installation for all without the app goes, by the words of their statuses. */
  noneLacks: (statuses: readonly string[]) =>
    `It is installed for people whose status is ${new Intl.ListFormat("en", { type: "disjunction" }).format(statuses)}. There is none.`,
  tooMany: (most: number) =>
    `One installation of the app takes ${most} people: choose fewer, or install for all without the app.`,
  truncated: "More people may lack the app. Start another installation of the app for them after this one.",
  installations: "Installations of the app for many people",
  installationsHint: "How far each is, and for whom it was refused.",
  noInstallations: "The app was not installed for many people at once yet.",
  started: "Started",
  by: "By",
  progress: "Progress",
  progressOf: (installed: number, people: number) => `${installed} of ${people} installed`,
  refusedFor: (people: number) => `${people} refused`,
  runs: { RUNNING: "Running", DONE: "Done", CANCELLED: "Cancelled" },
  cancelRun: "Stop",
  cancelRunOf: (run: string) => `Stop the installation ${run}`,
  cancelRunTitle: "Stop the installation?",
  cancelRunHint: "The app stays where it was installed.",
  whyRefused: "Why",
  whyRefusedOf: (run: string) => `Why: the installation ${run}`,
  runOf: (connection: string, started: string) => `of ${connection}, ${started}`,
  refusals: "For whom it was refused",
  code: "Code",
  /** Why it was refused; the server says it in English. */
  refusalOf: (_code: string, english: string) => english,
};
