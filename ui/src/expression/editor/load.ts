/** The editor's chunk, loaded once. Until it is there a field is a plain text area, so that nothing typed is lost. */

type Module = typeof import("./open");

let loaded: Module | null = null;
let loading: Promise<Module> | null = null;

/** Begins to load the editor; a form calls it when it is shown. A failed load is tried again by the next call. */
export function loadEditor(): Promise<void> {
  loading ??= import("./open");
  return loading.then(
    (found) => {
      loaded = found;
    },
    () => {
      loading = null;
    },
  );
}

/** Returns the editor, null while it is not loaded. */
export function loadedEditor(): Module | null {
  return loaded;
}

/** Returns the nonce that permits styles on this page. */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
}
