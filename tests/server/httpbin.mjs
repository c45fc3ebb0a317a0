// The endpoints that echo a request or answer with a fixed document, shaped as httpbin's.

import { randomUUID } from 'node:crypto';

import { groupPairs, parseInteger, parseNumber, Problem } from './exchange.mjs';
import { parseMultipart } from './multipart.mjs';

// Text as text; anything that is not UTF-8 as a data URL, as httpbin does.
function showBytes(bytes, contentType = 'application/octet-stream') {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return `data:${contentType};base64,${bytes.toString('base64')}`;
  }
}

function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function describeBody(exchange, body) {
  const contentType = exchange.request.headers['content-type'] ?? '';
  const described = { data: '', files: {}, form: {}, json: null };
  if (/^application\/x-www-form-urlencoded/i.test(contentType)) {
    described.form = groupPairs(new URLSearchParams(body.toString('utf8')));
    return described;
  }
  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)"?/i.exec(contentType);
  if (boundary !== null) {
    const parts = parseMultipart(body, boundary[1]);
    const pairs = (wanted) => parts.filter((part) => (part.fileName !== null) === wanted)
      .map((part) => [part.name, showBytes(part.body, part.contentType)]);
    described.form = groupPairs(pairs(false));
    described.files = groupPairs(pairs(true));
    return described;
  }
  described.data = showBytes(body);
  described.json = parseJson(described.data);
  return described;
}

function describeRequest(exchange) {
  return {
    args: exchange.args(),
    headers: exchange.headers(),
    origin: exchange.clientAddress,
    url: exchange.url,
  };
}

async function echo(exchange, extra = {}) {
  const body = await exchange.body();
  exchange.json({ ...describeRequest(exchange), ...describeBody(exchange, body), ...extra });
}

function anything(exchange) {
  return echo(exchange, { method: exchange.request.method });
}

async function delay(exchange, { seconds }) {
  const wait = Math.min(parseNumber(seconds, 1e9), 30) * 1000;
  const body = await exchange.body();
  if (!await exchange.sleep(wait)) return;
  exchange.json({ ...describeRequest(exchange), ...describeBody(exchange, body) });
}

const redirectingStatuses = new Set([301, 302, 303, 305, 307, 308]);

const statusExtras = {
  401: { 'WWW-Authenticate': 'Basic realm="Fake Realm"' },
  407: { 'Proxy-Authenticate': 'Basic realm="Fake Realm"' },
};

function status(exchange, { codes }) {
  const choices = codes.split(',').map((code) => parseInteger(code, 999));
  const code = choices[Math.floor(Math.random() * choices.length)];
  if (code < 200) throw new Problem(400, 'a final status is 200 or more');
  if (redirectingStatuses.has(code)) {
    exchange.send(code, { Location: '/redirect/1' });
  } else if (code === 418) {
    exchange.send(code, { 'Content-Type': 'text/plain' }, 'I am a teapot\n');
  } else {
    exchange.send(code, { 'Content-Type': 'text/html; charset=utf-8', ...statusExtras[code] });
  }
}

function decodeBasic(exchange) {
  const match = /^basic\s+(\S+)$/i.exec(exchange.request.headers.authorization ?? '');
  return match === null ? null : Buffer.from(match[1], 'base64').toString('utf8');
}

function basicAuth(exchange, { user, password }, hidden) {
  if (decodeBasic(exchange) === `${user}:${password}`) {
    exchange.json({ authenticated: true, user });
  } else if (hidden) {
    exchange.json({ error: 'not found' }, 404);
  } else {
    exchange.send(401, statusExtras[401]);
  }
}

function bearer(exchange) {
  const match = /^bearer\s+(.+)$/i.exec(exchange.request.headers.authorization ?? '');
  if (match === null) {
    exchange.send(401, { 'WWW-Authenticate': 'Bearer' });
  } else {
    exchange.json({ authenticated: true, token: match[1] });
  }
}

function responseHeaders(exchange) {
  const wanted = exchange.args();
  const shown = { 'Content-Type': 'application/json', ...wanted };
  const text = `${JSON.stringify(shown, null, 2)}\n`;
  exchange.send(200, { 'Content-Type': 'application/json', ...wanted }, text);
}

function cache(exchange) {
  const { headers } = exchange.request;
  if (headers['if-modified-since'] !== undefined || headers['if-none-match'] !== undefined) {
    exchange.send(304, {});
  } else {
    exchange.json(describeRequest(exchange), 200,
      { 'Last-Modified': 'Thu, 01 Jan 2026 00:00:00 GMT', ETag: '"reqivo"' });
  }
}

function etag(exchange, { tag }) {
  const list = (name) => (exchange.request.headers[name] ?? '').split(',')
    .map((one) => one.trim().replace(/^W\//, '')).filter((one) => one !== '');
  const matches = (name) => list(name).some((one) => one === '*' || one === `"${tag}"`);
  const headers = { ETag: `"${tag}"` };
  if (matches('if-none-match')) {
    exchange.send(304, headers);
  } else if (list('if-match').length > 0 && !matches('if-match')) {
    exchange.send(412, headers);
  } else {
    exchange.json(describeRequest(exchange), 200, headers);
  }
}

const slideshow = {
  slideshow: {
    author: 'Yours Truly',
    date: 'date of publication',
    slides: [
      { title: 'Wake up to WonderWidgets!', type: 'all' },
      {
        items: ['Why <em>WonderWidgets</em> are great', 'Who <em>buys</em> WonderWidgets'],
        title: 'Overview',
        type: 'all',
      },
    ],
    title: 'Sample Slide Show',
  },
};

const htmlDocument = '<!DOCTYPE html>\n<html>\n  <head></head>\n  <body>\n'
  + '    <h1>Herman Melville - Moby-Dick</h1>\n    <p>Call me Ishmael.</p>\n  </body>\n</html>\n';

const utf8Document = '<h1>Unicode Demo</h1>\n<pre>\n∮ E⋅da = Q, n → ∞, ∑ f(i) = ∏ g(i)\n'
  + 'Grüße, 世界 €\nΣὲ γνωρίζω, გთხოვთ, Зарегистрируйтесь\n𝄞 🂡 ⠝\n</pre>\n';

const html = { 'Content-Type': 'text/html; charset=utf-8' };

function fixedRoutes() {
  return [
    ['GET', '/', (exchange) => exchange.send(200, html, htmlDocument)],
    ['GET', '/headers', (exchange) => exchange.json({ headers: exchange.headers() })],
    ['GET', '/raw-headers', (exchange) => {
      const raw = exchange.request.rawHeaders;
      const pairs = raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1]]] : []));
      exchange.json({ headers: pairs, target: exchange.request.url });
    }],
    ['GET', '/ip', (exchange) => exchange.json({ origin: exchange.clientAddress })],
    ['GET', '/user-agent', (exchange) =>
      exchange.json({ 'user-agent': exchange.request.headers['user-agent'] ?? null })],
    ['GET', '/uuid', (exchange) => exchange.json({ uuid: randomUUID() })],
    ['GET', '/json', (exchange) => exchange.json(slideshow)],
    ['GET', '/html', (exchange) => exchange.send(200, html, htmlDocument)],
    ['GET', '/encoding/utf8', (exchange) => exchange.send(200, html, utf8Document)],
  ];
}

export const httpbinRoutes = [
  ...fixedRoutes(),
  ['GET', '/get', (exchange) => exchange.json(describeRequest(exchange))],
  ['POST', '/post', (exchange) => echo(exchange)],
  ['PUT', '/put', (exchange) => echo(exchange)],
  ['PATCH', '/patch', (exchange) => echo(exchange)],
  ['DELETE', '/delete', (exchange) => echo(exchange)],
  ['*', '/anything', anything],
  ['*', '/anything/*', anything],
  ['*', '/status/:codes', status],
  ['*', '/delay/:seconds', delay],
  ['GET', '/basic-auth/:user/:password', (exchange, params) => basicAuth(exchange, params, false)],
  ['GET', '/hidden-basic-auth/:user/:password', (exchange, params) =>
    basicAuth(exchange, params, true)],
  ['GET', '/bearer', bearer],
  ['GET POST', '/response-headers', responseHeaders],
  ['GET', '/cache', cache],
  ['GET', '/cache/:seconds', (exchange, { seconds }) => exchange.json(describeRequest(exchange),
    200, { 'Cache-Control': `public, max-age=${parseInteger(seconds)}` })],
  ['GET', '/etag/:tag', etag],
];
