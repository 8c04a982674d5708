import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

import type { Plugin } from "vite";

const WORTH_IT = /\.(?:css|html|js|json|svg)$/;
/** Below this, headers weigh more than what is saved. */
const LEAST_BYTES = 1_024;
/** A compressed file has to save at least this share, else browsers spend time on unpacking for nothing. */
const MOST_SHARE = 0.95;

/** Puts a `.br` and a `.gz` beside each built file, packed as tight as it goes: the server only picks one. */
export function precompress(): Plugin {
  return {
    name: "popcam-precompress",
    apply: "build",
    writeBundle: async (options, bundle) => {
      const folder = options.dir ?? ".";
      const files = Object.keys(bundle).filter((name) => WORTH_IT.test(name));
      await Promise.all(files.map((name) => packFile(join(folder, name))));
    },
  };
}

async function packFile(path: string): Promise<void> {
  const plain = await readFile(path);
  if (plain.length < LEAST_BYTES) return;
  const brotli = {
    params: {
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: plain.length,
    },
  };
  const packed = {
    br: await promisify(brotliCompress)(plain, brotli),
    gz: await promisify(gzip)(plain, { level: constants.Z_BEST_COMPRESSION }),
  };
  for (const [ending, content] of Object.entries(packed)) {
    if (content.length < MOST_SHARE * plain.length) await writeFile(`${path}.${ending}`, content);
  }
}
