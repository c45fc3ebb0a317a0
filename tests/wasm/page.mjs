// The script of the page that browser_host.mjs serves: runs the program here or in a module worker.
import { runProgram, watchBrowserRealm } from './program.mjs';

const { worker: inWorker, prefix, ...configuration } = await (await fetch('/configuration')).json();
const debug = console.debug.bind(console);
// Lines of the console leave the page even while it is busy, so that a program that spins is
// noticed with all it said before.
const report = (message) => debug(prefix + JSON.stringify(message));

watchBrowserRealm(report);
report({ kind: 'ready' });
if (inWorker) {
  const worker = new Worker(new URL('./page_worker.mjs', import.meta.url), { type: 'module' });
  worker.addEventListener('message', ({ data }) => report(data));
  worker.addEventListener('error', (event) => {
    event.preventDefault();
    report({ kind: 'fatal', text: `the worker broke: ${event.message ?? 'it cannot be loaded'}` });
  });
  worker.postMessage(configuration);
} else {
  await runProgram(configuration, report);
}
