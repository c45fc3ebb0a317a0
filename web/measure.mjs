// node measure.mjs OUTPUT.json FILE...: writes the name of each file and its size in bytes, as it
// is and as brotli.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

function brotliSize(bytes) {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  return brotliCompressSync(bytes, { params }).length;
}

const [output, ...files] = process.argv.slice(2);
const sizes = files.map((file) => {
  const bytes = readFileSync(file);
  return { name: basename(file), bytes: bytes.length, brotli: brotliSize(bytes) };
});
writeFileSync(output, `${JSON.stringify(sizes, null, 2)}\n`);
