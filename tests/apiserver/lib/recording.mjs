// Exchanges as files of tests/streams: the request's head, the response's head and the body as it came, one after
// the other, as on the wire.
import { Exchange } from '../../../scripts/lib/kube-client.mjs'

/** Heads that would differ in every recording and say nothing. */
const dropped = new Set(['date', 'audit-id', 'connection', 'keep-alive'])

/** The bytes of a file. `from` says which server this was, with its flags. */
export function encode({ request, status, statusText, rawHeaders, ...exchange }, from) {
  const lines = [`${request.method} ${request.path} HTTP/1.1`, `Recorded-From: ${from}`]
  for (const [name, value] of Object.entries(request.headers)) lines.push(`${name}: ${value}`)
  lines.push('', `HTTP/1.1 ${status} ${statusText}`)
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (!dropped.has(rawHeaders[index].toLowerCase())) lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`)
  }
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), ...exchange.chunks])
}

/** The exchange that a file holds. */
export function decode(bytes) {
  const first = bytes.indexOf('\r\n\r\n')
  const second = bytes.indexOf('\r\n\r\n', first + 4)
  if (first < 0 || second < 0) throw new Error('a head does not end')
  const [requestLine, ...requestFields] = bytes.subarray(0, first).toString().split('\r\n')
  const [statusLine, ...responseFields] = bytes
    .subarray(first + 4, second)
    .toString()
    .split('\r\n')
  const [method, path] = requestLine.split(' ')
  const pairs = (lines) =>
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()])
  const [, status, statusText] = /^HTTP\/1\.1 (\d+) (.*)$/.exec(statusLine)
  const fields = pairs(responseFields)
  const exchange = new Exchange(
    { method, path, headers: Object.fromEntries(pairs(requestFields)) },
    {
      statusCode: Number(status),
      statusMessage: statusText,
      rawHeaders: fields.flat(),
      headers: Object.fromEntries(fields.map(([name, value]) => [name.toLowerCase(), value])),
    },
  )
  exchange.chunks.push(bytes.subarray(second + 4))
  exchange.end = 'complete'
  return exchange
}
