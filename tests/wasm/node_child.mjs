// The process in which node_host.mjs runs a program: on its main thread or on a worker thread.
// Configuration comes in, and messages of program.mjs go out, over the channel to the parent.
import { once } from 'node:events';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

import { reportUncaught, runProgram } from './program.mjs';

function run(configuration, report) {
  process.on('uncaughtException', (error) => reportUncaught(report, 'uncaught error', error));
  process.on('unhandledRejection', (error) => reportUncaught(report, 'unhandled rejection', error));
  return runProgram(configuration, report);
}

function runInWorker(configuration, report) {
  const worker = new Worker(new URL(import.meta.url), { workerData: configuration });
  worker.on('message', report);
  worker.on('error', (error) => report({ kind: 'fatal', text: `the worker broke: ${error}` }));
}

if (isMainThread) {
  // The parent decides when this process ends; a parent that is gone needs it no longer.
  process.on('disconnect', () => process.exit(0));
  const report = (message) => process.send(message);
  const [{ worker, ...configuration }] = await once(process, 'message');
  await (worker ? runInWorker : run)(configuration, report);
} else {
  await run(workerData, (message) => parentPort.postMessage(message));
}
