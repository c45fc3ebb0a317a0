// Runs a program in a Node process of its own: a crash or a hang of it is seen from outside.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import readline from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';

// Starts it; `onMessage` gets the messages of program.mjs. The result's `stop` ends it for sure.
export async function startInNode(configuration, worker, onMessage) {
  const child = fork(fileURLToPath(new URL('./node_child.mjs', import.meta.url)), [], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const kill = () => child.kill('SIGKILL');
  process.on('exit', kill);
  const ended = once(child, 'close').then(() => process.off('exit', kill));
  child.on('message', onMessage);
  // What does not come by `print`: console.log in JavaScript, and the words of Node itself.
  readline.createInterface({ input: child.stdout })
    .on('line', (text) => onMessage({ kind: 'output', text }));
  readline.createInterface({ input: child.stderr })
    .on('line', (text) => onMessage({ kind: 'error_output', text }));
  child.on('close', (code, signal) => {
    onMessage({ kind: 'fatal', text: `the process ended: ${signal ?? `exit code ${code}`}` });
  });
  const program = pathToFileURL(configuration.program).href;
  child.send({ ...configuration, program, worker });
  return {
    stop: () => {
      kill();
      return ended;
    },
  };
}
