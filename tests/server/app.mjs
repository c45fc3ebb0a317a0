// The application that every HTTP listener serves: routes a request to its endpoint.

import { bodyRoutes } from './bodies.mjs';
import { controlRoutes } from './control.mjs';
import { Exchange, isClientLeft, Problem } from './exchange.mjs';
import { httpbinRoutes } from './httpbin.mjs';
import { misbehaveRoutes } from './misbehave.mjs';
import { redirectRoutes } from './redirects.mjs';

const routes = [...httpbinRoutes, ...bodyRoutes, ...redirectRoutes, ...misbehaveRoutes,
  ...controlRoutes].map(([methods, pattern, handler]) => ({
  methods: methods === '*' ? null : new Set(methods.split(' ')),
  segments: pattern.split('/').slice(1),
  handler,
}));

function decodeSegment(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new Problem(400, 'malformed percent-encoding in the path');
  }
}

// The path parameters when the path fits the route, else null. A last segment `*` takes the rest.
function matchSegments(pattern, segments) {
  const params = {};
  for (let index = 0; index < pattern.length; ++index) {
    const part = pattern[index];
    if (part === '*') return params;
    if (index >= segments.length) return null;
    if (part.startsWith(':')) {
      params[part.slice(1)] = decodeSegment(segments[index]);
    } else if (part !== segments[index]) {
      return null;
    }
  }
  return pattern.length === segments.length ? params : null;
}

function findRoute(method, path) {
  const segments = path.split('/').slice(1);
  const allowed = new Set();
  for (const route of routes) {
    const params = matchSegments(route.segments, segments);
    if (params === null) continue;
    const asked = method === 'HEAD' && !route.methods?.has('HEAD') ? 'GET' : method;
    if (route.methods === null || route.methods.has(asked)) {
      return { handler: route.handler, params };
    }
    route.methods.forEach((one) => allowed.add(one));
  }
  return { handler: null, allowed };
}

function answerPreflight(exchange) {
  const asked = exchange.request.headers;
  exchange.send(204, {
    'Access-Control-Allow-Methods': asked['access-control-request-method']
      ?? 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
    'Access-Control-Allow-Headers': asked['access-control-request-headers'] ?? '*',
    'Access-Control-Max-Age': '3600',
  });
}

async function dispatch(exchange) {
  const { method, headers } = exchange.request;
  const preflight = method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
  const { handler, params, allowed } = findRoute(method, exchange.path);
  if (preflight || (method === 'OPTIONS' && handler === null)) {
    answerPreflight(exchange);
  } else if (handler !== null) {
    await handler(exchange, params);
  } else if (allowed.size > 0) {
    exchange.json({ error: 'method not allowed' }, 405, { Allow: [...allowed].join(', ') });
  } else {
    exchange.json({ error: 'no such endpoint' }, 404);
  }
}

const badHeaderCodes = new Set(
  ['ERR_INVALID_CHAR', 'ERR_INVALID_HTTP_TOKEN', 'ERR_HTTP_TRAILER_INVALID']);

// Turns a refused request into its response. Any other error is a defect of this server and goes
// on to end the process.
function answerProblem(exchange, error) {
  if (isClientLeft(error)) return;
  const refused = error instanceof Problem || badHeaderCodes.has(error.code);
  if (!refused || exchange.response.headersSent) throw error;
  for (const name of exchange.response.getHeaderNames()) exchange.response.removeHeader(name);
  exchange.response.statusMessage = undefined;
  const status = error.status ?? 400;
  exchange.json({ error: error.message }, status, status === 413 ? { Connection: 'close' } : {});
}

async function serve(exchange, entry) {
  const { response, context, connection } = exchange;
  const { ledger } = context;
  if (entry !== null) {
    response.on('finish', () => ledger.end(entry, 'finished'));
    response.on('close', () =>
      ledger.end(entry, connection.closedBy === 'server' ? 'finished' : 'aborted'));
  }
  if (connection.closedBy === 'server') return;
  try {
    await dispatch(exchange);
  } catch (error) {
    answerProblem(exchange, error);
  }
}

// Makes the request listener for one HTTP server. A rejection here is left unhandled on purpose.
export function createApp(context) {
  return async (request, response) => {
    const connection = context.ledger.connectionOf(request.socket);
    const exchange = new Exchange(request, response, context, connection);
    const counted = !exchange.path.startsWith('/control/');
    const tag = exchange.query.get('tag') ?? request.headers['x-tag'] ?? null;
    const entry = counted
      ? context.ledger.begin(connection, request.method, exchange.target, tag) : null;
    if (connection.closeOnNextRequest) exchange.closeConnection('fin');
    await serve(exchange, entry);
  };
}
