// Writes FILE.br and FILE.gz beside each built file that compresses well; the server sends them to browsers that take them.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const STATIC = fileURLToPath(new URL("../../src/looply/server/static/", import.meta.url));
/** Of the app with the other pages, and of the tab of Teams. */
const FOLDERS = ["assets/", "teams/assets/"];
const SMALLEST = 1024;

for (const folder of FOLDERS) {
  for (const name of await readdir(join(STATIC, folder))) {
    if (!/\.(js|css|svg)$/.test(name)) continue;
    const path = join(STATIC, folder, name);
    const content = await readFile(path);
    if (content.length < SMALLEST) continue;
    const brotli = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } });
    await writeFile(`${path}.br`, brotli);
    await writeFile(`${path}.gz`, gzipSync(content, { level: 9 }));
  }
}
