// For the server's own tests: starts it as a child process, and speaks to it byte by byte.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { fileURLToPath } from 'node:url';

export const mainFile = fileURLToPath(new URL('./main.mjs', import.meta.url));

// Starts the server; the result is its ready line with `child` and `stop` added. It ends with this
// process, which holds its input.
export async function startServer(extraArguments = []) {
  const child = spawn(process.execPath, [mainFile, '--exit-with-parent', ...extraArguments],
    { stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  for await (const part of child.stdout) {
    text += part;
    if (text.includes('\n')) break;
  }
  const ready = JSON.parse(text);
  const stop = async () => {
    const ended = child.exitCode !== null || child.signalCode !== null
      ? null : once(child, 'exit');
    child.stdin.end();
    await ended;
    return child.exitCode;
  };
  return { ...ready, child, stop };
}

// Sends `request` and collects every byte until the server closes. Resolves to {text, reset}.
export function exchangeBytes(origin, request) {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve) => {
    const socket = net.connect({ host: hostname, port: Number(port) });
    const parts = [];
    let reset = false;
    socket.on('data', (part) => parts.push(part));
    socket.on('error', (error) => { reset = error.code === 'ECONNRESET'; });
    socket.on('close', () =>
      resolve({ text: Buffer.concat(parts).toString('latin1'), reset }));
    socket.write(request, 'latin1');
  });
}

export function getRequest(path, headers = '') {
  return `GET ${path} HTTP/1.1\r\nHost: test\r\n${headers}\r\n`;
}

// A target on the raw listener that runs `steps`.
export function scriptPath(steps) {
  return `/raw?script=${Buffer.from(JSON.stringify(steps)).toString('base64url')}`;
}

export async function getJson(url, options) {
  const response = await fetch(url, options);
  return response.json();
}
