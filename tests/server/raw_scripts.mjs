// The garbage that the raw listener sends by name, as scripts (see README.md for the steps).

import { randomBytes } from 'node:crypto';

const allow = 'Access-Control-Allow-Origin: *\r\n';
const close = { close: true };

function answer(statusLine, headers, body) {
  return { send: `${statusLine}\r\n${allow}${headers}\r\n${body}` };
}

// Never begins like a status line: the first byte is no letter.
function garbage() {
  const bytes = randomBytes(512);
  bytes[0] = 0x80;
  return [{ send64: bytes.toString('base64') }, close];
}

function manyHeaders() {
  const lines = Array.from({ length: 10000 }, (unused, index) => `X-Field-${index}: ${index}\r\n`);
  return [answer('HTTP/1.1 200 OK', `${lines.join('')}Content-Length: 2\r\n`, 'ok')];
}

export const namedScripts = {
  '/garbage': garbage,
  '/bad-status-line': () => [answer('HTTP/1.1 abc OK', 'Content-Length: 2\r\n', 'ok'), close],
  '/bad-chunk': () => [
    answer('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked\r\n', '5\r\nhello\r\nzz\r\nbad\r\n'),
    close],
  '/conflicting-lengths': () => [
    answer('HTTP/1.1 200 OK', 'Content-Length: 5\r\nContent-Length: 7\r\n', 'hello!!'), close],
  '/huge-header': () => [answer('HTTP/1.1 200 OK',
    `X-Huge: ${'h'.repeat(1024 * 1024)}\r\nContent-Length: 2\r\n`, 'ok')],
  '/many-headers': manyHeaders,
  '/truncated-chunked': () => [
    answer('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n'), close],
  '/truncated-length': () => [answer('HTTP/1.1 200 OK', 'Content-Length: 100\r\n', 'hello'), close],
  '/http10-close': () => [
    answer('HTTP/1.0 200 OK', 'Content-Type: text/plain\r\n', 'read to close'), close],
  preflight: () => [answer('HTTP/1.1 204 No Content',
    'Access-Control-Allow-Methods: *\r\nAccess-Control-Allow-Headers: *\r\n', '')],
  missing: () => [answer('HTTP/1.1 404 Not Found', 'Content-Length: 9\r\n', 'not found')],
};
