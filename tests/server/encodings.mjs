// Content codings for the endpoints that encode their body.

import { spawn } from 'node:child_process';
import { promisify } from 'node:util';
import zlib from 'node:zlib';

import { Problem } from './exchange.mjs';

// Node 20 has no zstd; the command of that name does the work where it is installed.
async function zstd(bytes) {
  if (zlib.zstdCompress !== undefined) return promisify(zlib.zstdCompress)(bytes);
  const child = spawn('zstd', ['-q', '-c'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const failed = new Promise((resolve, reject) => {
    child.on('error', () => reject(new Problem(501, 'no zstd command on this machine')));
    child.on('close', resolve);
  });
  // A command that is absent or ends early shows in its status, not in this pipe.
  child.stdin.on('error', () => {});
  child.stdin.end(bytes);
  const collected = (async () => {
    const parts = [];
    for await (const part of child.stdout) parts.push(part);
    return Buffer.concat(parts);
  })();
  const [exitCode, encoded] = await Promise.all([failed, collected]);
  if (exitCode !== 0) throw new Problem(501, `zstd ended with ${exitCode}`);
  return encoded;
}

// Name in `?coding=` -> the token for Content-Encoding and the encoder.
const codings = {
  gzip: { token: 'gzip', encode: promisify(zlib.gzip) },
  'x-gzip': { token: 'x-gzip', encode: promisify(zlib.gzip) },
  deflate: { token: 'deflate', encode: promisify(zlib.deflate) },
  'deflate-raw': { token: 'deflate', encode: promisify(zlib.deflateRaw) },
  br: { token: 'br', encode: promisify(zlib.brotliCompress) },
  zstd: { token: 'zstd', encode: zstd },
  identity: { token: 'identity', encode: async (bytes) => bytes },
};

// Applies the codings in the order given; returns the bytes and the Content-Encoding value.
export async function encodeStack(names, bytes) {
  let encoded = bytes;
  const tokens = [];
  for (const name of names) {
    if (!Object.hasOwn(codings, name)) throw new Problem(400, `unknown coding ${name}`);
    encoded = await codings[name].encode(encoded);
    tokens.push(codings[name].token);
  }
  return { encoded, contentEncoding: tokens.join(', ') };
}

const bombs = new Map();

// `mebibytes` MiB of zeros in one coding, made once without ever holding them.
export function bomb(coding, mebibytes) {
  const key = `${coding} ${mebibytes}`;
  if (!bombs.has(key)) bombs.set(key, makeBomb(coding, mebibytes));
  return bombs.get(key);
}

async function makeBomb(coding, mebibytes) {
  const makers = { gzip: zlib.createGzip, deflate: zlib.createDeflate,
    br: () => zlib.createBrotliCompress({ params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }) };
  if (!Object.hasOwn(makers, coding)) throw new Problem(400, `no bomb in ${coding}`);
  const encoder = makers[coding]();
  const parts = [];
  encoder.on('data', (part) => parts.push(part));
  const ended = new Promise((resolve) => { encoder.on('end', resolve); });
  const zeros = Buffer.alloc(1024 * 1024);
  for (let index = 0; index < mebibytes; ++index) {
    await new Promise((resolve) => { encoder.write(zeros, resolve); });
  }
  encoder.end();
  await ended;
  return Buffer.concat(parts);
}

const fullText = 'Grüße, 世界 €';
const utf16BigEndian = (text) => Buffer.from(text, 'utf16le').swap16();
const latin1WithEuro = (text) =>
  Buffer.from([...text].map((letter) => (letter === '€' ? 0x80 : letter.codePointAt(0))));

// Name in /text/:charset -> {text, bytes, charset}; `charset` null means no parameter is sent.
export const charsetTexts = {
  'utf-8': { text: fullText, bytes: Buffer.from(fullText), charset: 'utf-8' },
  'utf-8-bom': { text: fullText, bytes: Buffer.from(`\ufeff${fullText}`), charset: 'utf-8' },
  none: { text: fullText, bytes: Buffer.from(fullText), charset: null },
  'iso-8859-1': { text: 'Grüße', bytes: Buffer.from('Grüße', 'latin1'), charset: 'iso-8859-1' },
  'windows-1252': { text: 'Grüße, €', bytes: latin1WithEuro('Grüße, €'), charset: 'windows-1252' },
  'utf-16le': { text: fullText, bytes: Buffer.from(fullText, 'utf16le'), charset: 'utf-16le' },
  'utf-16be': { text: fullText, bytes: utf16BigEndian(fullText), charset: 'utf-16be' },
  'utf-16': { text: fullText, bytes: Buffer.from(`\ufeff${fullText}`, 'utf16le'),
    charset: 'utf-16' },
  'utf-16-be-bom': { text: fullText, bytes: utf16BigEndian(`\ufeff${fullText}`),
    charset: 'utf-16' },
};
