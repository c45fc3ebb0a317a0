// The npm packages that package-lock.json names.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

// Where `toolchains/setup browsers` puts them: outside of the tree, and another folder for another
// lock file.
function packageFolder() {
  const lock = readFileSync(new URL('./package-lock.json', import.meta.url));
  const hash = createHash('sha256').update(lock).digest('hex').slice(0, 16);
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'reqivo', `npm-${hash}`);
}

/** The folder of the package `name`; throws where it is not installed. */
export function findPackage(name) {
  const folder = join(packageFolder(), 'node_modules', name);
  if (!existsSync(folder)) throw new Error(`there is no ${folder}: run toolchains/setup browsers`);
  return folder;
}
