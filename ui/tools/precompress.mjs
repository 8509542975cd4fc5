// Writes FILE.br and FILE.gz beside each built file that compresses well; the server sends them to browsers that take them.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const ASSETS = fileURLToPath(new URL("../../src/looply/server/static/assets/", import.meta.url));
const SMALLEST = 1024;

for (const name of await readdir(ASSETS)) {
  if (!/\.(js|css|svg)$/.test(name)) continue;
  const content = await readFile(join(ASSETS, name));
  if (content.length < SMALLEST) continue;
  const brotli = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } });
  await writeFile(join(ASSETS, `${name}.br`), brotli);
  await writeFile(join(ASSETS, `${name}.gz`), gzipSync(content, { level: 9 }));
}
