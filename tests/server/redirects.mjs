// Redirects and cookies.

import { parseInteger, Problem } from './exchange.mjs';

function relativeRedirect(exchange, { count }) {
  const left = positive(count) - 1;
  exchange.redirect(left === 0 ? '/get' : `/relative-redirect/${left}`);
}

function absoluteRedirect(exchange, { count }) {
  const left = positive(count) - 1;
  exchange.redirect(exchange.origin + (left === 0 ? '/get' : `/absolute-redirect/${left}`));
}

function positive(text) {
  const count = parseInteger(text, 10000);
  if (count === 0) throw new Problem(400, 'at least one redirect');
  return count;
}

function redirectionStatus(text) {
  const code = parseInteger(text, 399);
  if (code < 300) throw new Problem(400, 'not a redirection status');
  return code;
}

// A header carries no Unicode: such letters of the target go percent-encoded, the rest unchanged.
function asciiLocation(target) {
  return target.replace(/[^\x00-\x7f]+/gu, encodeURIComponent);
}

async function redirectTo(exchange) {
  const form = new URLSearchParams(
    exchange.request.method === 'GET' ? '' : (await exchange.body()).toString('utf8'));
  const value = (name) => exchange.query.get(name) ?? form.get(name);
  if (value('url') === null) throw new Problem(400, 'redirect-to needs url=');
  exchange.redirect(asciiLocation(value('url')), redirectionStatus(value('status_code') ?? '302'));
}

// To the same application at another origin: from the plain origin to the other plain one, and
// from every other listener to the plain one.
function redirectCross(exchange) {
  const to = exchange.query.get('to') ?? '/anything';
  const { http, otherOrigin } = exchange.context.origins;
  const isPlain = !exchange.socket.encrypted
    && exchange.socket.localPort === Number(new URL(http).port);
  const location = to.startsWith('/') ? (isPlain ? otherOrigin : http) + to : to;
  exchange.redirect(asciiLocation(location),
    redirectionStatus(exchange.query.get('status_code') ?? '302'));
}

function cookies(exchange) {
  const found = {};
  for (const pair of (exchange.request.headers.cookie ?? '').split(';')) {
    const mark = pair.indexOf('=');
    if (mark > 0) found[pair.slice(0, mark).trim()] = pair.slice(mark + 1).trim();
  }
  exchange.json({ cookies: found });
}

function setCookies(exchange, pairs) {
  exchange.redirect('/cookies', 302,
    { 'Set-Cookie': pairs.map(([name, value]) => `${name}=${value}; Path=/`) });
}

function deleteCookies(exchange) {
  const expired = 'Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/';
  exchange.redirect('/cookies', 302,
    { 'Set-Cookie': [...exchange.query.keys()].map((name) => `${name}=; ${expired}`) });
}

export const redirectRoutes = [
  ['*', '/redirect/:count', (exchange, params) => (exchange.query.get('absolute') === 'true'
    ? absoluteRedirect : relativeRedirect)(exchange, params)],
  ['*', '/relative-redirect/:count', relativeRedirect],
  ['*', '/absolute-redirect/:count', absoluteRedirect],
  ['GET POST PUT PATCH DELETE', '/redirect-to', redirectTo],
  ['*', '/redirect-status/:code', (exchange, { code }) =>
    exchange.redirect(asciiLocation(exchange.query.get('to') ?? '/anything'),
      redirectionStatus(code))],
  ['*', '/redirect-cross', redirectCross],
  ['*', '/redirect-loop', (exchange) => exchange.redirect('/redirect-loop')],
  ['*', '/redirect-ring/a', (exchange) => exchange.redirect('/redirect-ring/b')],
  ['*', '/redirect-ring/b', (exchange) => exchange.redirect('/redirect-ring/a')],
  ['GET', '/cookies', cookies],
  ['GET', '/cookies/set', (exchange) => setCookies(exchange, [...exchange.query])],
  ['GET', '/cookies/set/:name/:value', (exchange, { name, value }) =>
    setCookies(exchange, [[name, value]])],
  ['GET', '/cookies/delete', deleteCookies],
  ['GET', '/set-cookie-many', (exchange) => exchange.json({ cookies: 4 }, 200, {
    'Set-Cookie': [
      'first=1; Path=/',
      'second=two; Path=/; Expires=Wed, 01 Jan 2098 00:00:00 GMT',
      'third="a, b"; Path=/; HttpOnly',
      'first=again; Path=/get; SameSite=Lax',
    ],
  })],
];
