// multipart/form-data (RFC 7578), as far as echoing it needs.

function parsePart(part) {
  const end = part.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = part.subarray(0, end).toString('utf8');
  const name = /;\s*name="([^"]*)"/i.exec(head);
  if (name === null) return null;
  return {
    name: name[1],
    fileName: /;\s*filename="([^"]*)"/i.exec(head)?.[1] ?? null,
    contentType: /^content-type:\s*(\S+)/im.exec(head)?.[1] ?? 'application/octet-stream',
    body: part.subarray(end + 4),
  };
}

// The parts of a body in order: {name, fileName or null, contentType, body}. Parts without a name
// and anything after the closing delimiter are left out.
export function parseMultipart(body, boundary) {
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // The first delimiter may lack its line break; a prefixed one makes all delimiters alike.
  const framed = Buffer.concat([Buffer.from('\r\n'), body]);
  const parts = [];
  let at = framed.indexOf(delimiter);
  while (at >= 0) {
    const start = at + delimiter.length;
    const next = framed.indexOf(delimiter, start);
    if (next < 0) break;
    const part = parsePart(framed.subarray(framed.indexOf('\r\n', start) + 2, next));
    if (part !== null) parts.push(part);
    at = next;
  }
  return parts;
}
