// Light syntax highlighting: text to elements, no HTML in between.

const keywords = new Set([
  'auto', 'bool', 'catch', 'char', 'class', 'const', 'constexpr', 'double', 'else', 'explicit',
  'false', 'for', 'if', 'inline', 'int', 'namespace', 'new', 'private', 'public', 'requires',
  'return', 'static', 'struct', 'template', 'true', 'try', 'typename', 'using', 'void', 'while',
  'async', 'await', 'from', 'function', 'import', 'let',
]);
const coroutineWords = new Set(['co_await', 'co_return', 'co_yield']);

// In the order in which they are tried.
const cppTokens = [
  ['comment', /\/\/[^\n]*/y],
  ['string', /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/y],
  ['directive', /#[a-z]+/y],
  ['header', /<[a-z_/.]+>(?=\n)/y],
  ['number', /\b\d[\d.']*(?:ms|s)?\b/y],
  ['word', /[A-Za-z_]\w*/y],
];
const jsonTokens = [
  ['key', /"(?:[^"\\]|\\.)*"(?=:)/y],
  ['string', /"(?:[^"\\]|\\.)*"/y],
  ['number', /-?\d[\d.eE+-]*/y],
  ['keyword', /true|false|null/y],
];
const hashComment = ['comment', /#[^\n]*/y];
const cmakeTokens = [
  hashComment,
  ['string', /"[^"]*"/y],
  ['function', /\b\w+(?=\()/y],
  ['keyword', /\b[A-Z_]{2,}\b/y],
  ['number', /\b\d[\d.]*/y],
];
const shellTokens = [
  hashComment,
  ['keyword', /(?<= )--?\w+/y],
  ['function', /\bcmake(?= )/y],
];

function classOfWord(word, next) {
  if (coroutineWords.has(word)) return 'coroutine';
  if (keywords.has(word)) return 'keyword';
  if (/^[A-Z]/.test(word)) return 'type';
  return next === '(' ? 'function' : null;
}

function tokenAt(text, position, tokens) {
  for (const [type, pattern] of tokens) {
    pattern.lastIndex = position;
    const match = pattern.exec(text);
    if (match) return [type, match[0]];
  }
  return null;
}

function highlight(text, tokens) {
  const fragment = document.createDocumentFragment();
  let plain = '';
  const flush = () => {
    fragment.append(plain);
    plain = '';
  };
  for (let position = 0; position < text.length;) {
    const [type, token] = tokenAt(text, position, tokens) ?? [null, text[position]];
    position += token.length;
    const name = type === 'word' ? classOfWord(token, text[position]) : type;
    if (name === null) {
      plain += token;
      continue;
    }
    flush();
    const span = document.createElement('span');
    span.className = `token-${name}`;
    span.textContent = token;
    fragment.append(span);
  }
  flush();
  return fragment;
}

export function highlightCpp(text) {
  return highlight(text, cppTokens);
}

export function highlightJson(text) {
  return highlight(text, jsonTokens);
}

export function highlightCmake(text) {
  return highlight(text, cmakeTokens);
}

export function highlightShell(text) {
  return highlight(text, shellTokens);
}
