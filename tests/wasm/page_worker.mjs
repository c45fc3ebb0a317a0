// The module worker of page.mjs: gets the configuration, sends back the messages of program.mjs.
import { runProgram, watchBrowserRealm } from './program.mjs';

const report = (message) => globalThis.postMessage(message);

globalThis.addEventListener('message', ({ data }) => {
  watchBrowserRealm(report);
  runProgram(data, report);
}, { once: true });
