// node error_types.mjs NM LIBRARY: most of the library is built without run-time type information. Fails where such an
// object holds a virtual table of a public class: the linker may take that one, and `dynamic_cast` and `typeid` of an
// error would end the program.

import { execFileSync } from 'node:child_process';
import process from 'node:process';

const withTypes = new Set(['errors.cpp.o', 'response.cpp.o']);
const [nm, library] = process.argv.slice(2);

const symbols = execFileSync(nm, ['--demangle', '--print-file-name', library], { encoding: 'utf8' });
const tables = [...symbols.matchAll(/([\w.]+\.o):.* [A-TV-Za-z] vtable for (reqivo::[A-Z]\w*)$/gm)]
  .map(([, object, name]) => ({ object, name }));
const wrong = tables.filter(({ object }) => !withTypes.has(object));
for (const { object, name } of wrong) console.error(`${object} has a virtual table of ${name}, without its type`);
if (tables.length === wrong.length) {
  console.error(`${library} shows no virtual table of an error: this check looks at the wrong thing`);
}
if (wrong.length > 0 || tables.length === 0) process.exit(1);
console.log(`${tables.length} virtual tables of public classes, each with its type`);
