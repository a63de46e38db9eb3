/** Every way in which a request can fail, with a marker wherever something stands that must not get out. */
import { brotliCompressSync, gzipSync } from 'node:zlib'

import { endBookmark, refusal, stream, tableEvent } from './events.mjs'

export const BODY = 'Bd9-body'
export const SAID = 'the very words of the server'

/** A `Status` with a marker wherever the server's message is not. */
export const status = (response, code, reason, more = {}) =>
  refusal(response, code, reason, SAID, { metadata: { selfLink: BODY, [BODY]: BODY }, [BODY]: BODY, ...more })

const send = (response, code, type, body, headers = {}) => {
  response.writeHead(code, { 'content-type': type, ...headers })
  response.end(body)
}

const json = (response, value) => send(response, 200, 'application/json', JSON.stringify(value))

const JUNK = `{"type":"ADDED","object":{"kind":"${BODY}", ${BODY}`

const line = (type, object) => `${JSON.stringify({ type, object })}\n`
const row = (more = {}) => tableEvent('ADDED', { name: 'a', value: BODY, first: true, ...more })
const whole = row() + endBookmark(2)

/** Refuses the streaming list, so that LIST and WATCH are tried. */
const noWatchList = (response) =>
  status(response, 422, 'Invalid', {
    details: { causes: [{ field: 'sendInitialEvents', message: SAID, reason: 'FieldValueForbidden' }] },
  })

/** Answers by the kind of the request; what is not named gets a stream that says nothing. */
const by = (answers) => (response, ask) => (answers[ask.kind] ?? ((silent) => stream(silent)))(response, ask)
const listing = (list) => by({ watchlist: noWatchList, list })
/** A whole snapshot at first, whose stream ends; then WATCH requests. */
const resuming = (watch) => by({ watchlist: (response) => stream(response).end(whole), watch })

/** A page of a list in Tables. */
const page = (name, metadata) => ({
  kind: 'Table',
  apiVersion: 'meta.k8s.io/v1',
  metadata,
  columnDefinitions: [{ name: 'Name', type: 'string', format: 'name', description: '', priority: 0 }],
  rows: [{ cells: [name], object: { kind: 'PartialObjectMetadata', metadata: { name, namespace: 'a', uid: name } } }],
})

/**
 * How each fails. `answer(response, { kind, number })` answers the requests; `code`: of the reason that it has to come to; `said`: the
 * server's own sentence is shown; `later`: only when time has passed; `limit`: on memory, in bytes.
 */
export const FAILURES = {
  'a 401': { code: 'unauthorized', answer: (response) => status(response, 401, 'Unauthorized'), said: true },
  'a 403': {
    code: 'forbidden',
    answer: (response) => status(response, 403, 'Forbidden', { details: { name: BODY, kind: 'pods' } }),
    said: true,
  },
  'a 403 of a proxy': { code: 'forbidden', answer: (response) => send(response, 403, 'text/plain', BODY) },
  'a 404': { code: 'not-found', answer: (response) => status(response, 404, 'NotFound'), said: true },
  'a 404 of a proxy': { code: 'not-found', answer: (response) => send(response, 404, 'text/html', `<h1>${BODY}</h1>`) },
  'a 405': {
    code: 'watch-unsupported',
    answer: by({
      watchlist: (response) => status(response, 405, 'MethodNotAllowed'),
      list: (response) => json(response, page(BODY, { resourceVersion: '2' })),
    }),
    said: true,
  },
  'a 406': {
    code: 'not-acceptable',
    answer: by({ watchlist: (response) => status(response, 406, 'NotAcceptable') }),
    said: true,
  },
  'a 410': { code: 'gone', answer: (response) => status(response, 410, 'Expired'), said: true },
  'a 410 in the stream': {
    code: 'gone',
    answer: (response) =>
      stream(response).end(
        line('ERROR', {
          kind: 'Status',
          apiVersion: 'v1',
          metadata: { selfLink: BODY },
          status: 'Failure',
          message: SAID,
          reason: 'Expired',
          code: 410,
        }),
      ),
    said: true,
  },
  'a 416': {
    code: 'range-refused',
    answer: (response) => send(response, 416, 'text/plain', BODY, { 'content-range': 'bytes */9' }),
  },
  'a 206 that is a part': {
    code: 'range-refused',
    answer: (response) => send(response, 206, 'application/json', JUNK, { 'content-range': 'bytes 0-9/99' }),
  },
  'a 422': { code: 'watchlist-unsupported', answer: noWatchList, said: true },
  'a 429': {
    code: 'throttled',
    answer: (response) => send(response, 429, 'text/plain', BODY, { 'retry-after': '1' }),
  },
  'a 500 of a proxy': { code: 'server-error', answer: (response) => send(response, 500, 'text/html', BODY) },
  'a 503 with JSON that is no Status': {
    code: 'unavailable',
    answer: (response) => send(response, 503, 'application/json', JSON.stringify({ message: BODY, error: BODY })),
  },
  'a version of another server': {
    code: 'invalid-resource-version',
    answer: resuming((response) =>
      status(response, 422, 'Invalid', { details: { causes: [{ field: 'resourceVersion', message: SAID }] } }),
    ),
    said: true,
  },
  'a version from the future': {
    code: 'too-large-resource-version',
    answer: resuming((response) =>
      status(response, 504, 'Timeout', { details: { causes: [{ reason: 'ResourceVersionTooLarge', message: SAID }] } }),
    ),
    said: true,
  },
  'a web page': {
    code: 'auth-proxy',
    answer: (response) => send(response, 200, 'text/html', `<title>${BODY}</title>`),
  },
  'plain text': { code: 'not-json', answer: (response) => send(response, 200, 'text/plain', BODY) },
  'a redirect': {
    code: 'redirected',
    answer: (response) => send(response, 302, 'text/plain', BODY, { location: `/login?state=${BODY}` }),
  },
  'nobody there': { code: 'unreachable', answer: (response) => response.destroy() },
  'a cut in the snapshot': {
    code: 'ended-early',
    answer: (response) => {
      stream(response).write(tableEvent('ADDED', { name: BODY.toLowerCase(), value: BODY, first: true }) + JUNK)
      setTimeout(() => response.destroy(), 50)
    },
  },
  'a cut of the live stream': {
    code: 'disconnected',
    answer: by({
      watchlist: (response) => {
        stream(response).write(whole + JUNK)
        setTimeout(() => response.destroy(), 50)
      },
    }),
  },
  'an empty stream': { code: 'ended-early', answer: (response) => stream(response).end() },
  // Chromium itself breaks off an answer in an encoding that it did not offer. (`compressed` is told of other answers: see the test.)
  gzip: {
    code: 'unreachable',
    answer: (response) => stream(response, { 'content-encoding': 'gzip' }).end(gzipSync(whole)),
  },
  'gzip that is none': {
    code: 'unreachable',
    answer: (response) => stream(response, { 'content-encoding': 'gzip' }).end(JUNK),
  },
  brotli: {
    code: 'unreachable',
    answer: (response) => stream(response, { 'content-encoding': 'br' }).end(brotliCompressSync(JUNK)),
  },
  'JSON that is none': {
    code: 'ended-early',
    answer: (response) => stream(response).end(`${JUNK}\n${JUNK}}}}]\n${BODY}\n`),
  },
  'a line that is no JSON': {
    code: 'incomplete',
    answer: (response) => stream(response).write(`${row()}${JUNK}\n${endBookmark(2)}`),
  },
  'objects of an unknown kind': {
    code: 'ended-early',
    answer: (response) => stream(response).end(line(BODY, { kind: BODY, [BODY]: BODY })),
  },
  'objects in place of Tables': {
    code: 'no-tables',
    answer: (response) => {
      const metadata = { name: BODY.toLowerCase(), namespace: 'a', uid: 'u', resourceVersion: '2' }
      const annotations = { 'k8s.io/initial-events-end': 'true' }
      stream(response).write(
        line('ADDED', { kind: 'Pod', apiVersion: 'v1', metadata, spec: { [BODY]: BODY } }) +
          line('BOOKMARK', { kind: 'Pod', apiVersion: 'v1', metadata: { resourceVersion: '2', annotations } }),
      )
    },
  },
  'rows without metadata': {
    code: 'ended-early',
    answer: (response) =>
      stream(response).end(
        line('ADDED', {
          kind: 'Table',
          columnDefinitions: [{ name: 'Name', type: 'string' }],
          rows: [{ cells: [BODY], object: null }],
        }),
      ),
  },
  'rows without columns': { code: 'no-columns', answer: (response) => stream(response).write(row({ first: false })) },
  'columns that are none': {
    code: 'bad-columns',
    answer: (response) =>
      stream(response).write(
        line('ADDED', { kind: 'Table', columnDefinitions: [{ name: BODY }, { name: 5 }], rows: [{ cells: [BODY] }] }),
      ),
  },
  'columns that change': {
    code: 'columns-changed',
    answer: (response) =>
      stream(response).write(
        whole +
          line('MODIFIED', {
            kind: 'Table',
            columnDefinitions: [{ name: BODY, type: 'string', format: '', description: BODY, priority: 0 }],
            rows: [{ cells: [BODY], object: { kind: 'PartialObjectMetadata', metadata: { name: 'a', uid: 'b' } } }],
          }),
      ),
  },
  'bytes that are no UTF-8': {
    code: 'ended-early',
    answer: (response) => stream(response).end(Buffer.concat([Buffer.from(JUNK), Buffer.from([0xff, 0xfe, 10])])),
  },
  'more than memory may hold': {
    code: 'capacity',
    limit: 20_000,
    answer: (response) =>
      stream(response).write(
        Array.from({ length: 200 }, (_, index) =>
          tableEvent('ADDED', { name: `a${index}`, value: BODY.repeat(200), first: index === 0 }),
        ).join(''),
      ),
  },
  'a list that is none': {
    code: 'not-a-list',
    answer: listing((response) => json(response, { kind: BODY, [BODY]: BODY })),
  },
  'a list without a version': {
    code: 'no-resource-version',
    answer: listing((response) => json(response, page(BODY, {}))),
  },
  'a list that is cut': {
    code: 'truncated',
    answer: listing((response) => send(response, 200, 'application/json', JSON.stringify(page(BODY, {})).slice(0, -9))),
  },
  'a list that leads in a circle': {
    code: 'endless-list',
    answer: listing((response) => json(response, page(BODY, { resourceVersion: '2', continue: BODY }))),
  },
  'pages of two moments': {
    code: 'inconsistent-pages',
    answer: listing((response, { number }) =>
      json(response, page(`${BODY}${number}`, { resourceVersion: `${number}`, continue: `${BODY}${number}` })),
    ),
  },
  'a stream without an end bookmark': {
    code: 'no-bookmark',
    answer: (response) => stream(response).write(row()),
    later: 'syncing',
  },
  'a server that does not answer': { code: 'unreachable', answer: () => {}, later: 'connecting' },
  'a live stream that falls silent': {
    code: 'silent',
    answer: by({ watchlist: (response) => stream(response).write(whole) }),
    later: 'live',
  },
  'a list that does not come': {
    code: 'timeout',
    answer: listing((response) => stream(response).write(JSON.stringify(page(BODY, {})).slice(0, 60))),
    later: 'syncing',
  },
  'a stream that nothing proves': {
    code: 'unconfirmed',
    answer: resuming((response) => stream(response)),
    later: 'resuming',
  },
}

// What has no way of its own is passed on, or is a failure of the server.
for (const code of [400, 402, 408, 409, 413, 414, 418, 431, 451])
  FAILURES[`a ${code}`] = { code: 'refused', answer: (response) => status(response, code, 'BadRequest'), said: true }
for (const code of [500, 501, 505, 511])
  FAILURES[`a ${code}`] = { code: 'server-error', answer: (response) => status(response, code, 'Bad'), said: true }
for (const code of [502, 503, 504])
  FAILURES[`a ${code}`] = { code: 'unavailable', answer: (response) => status(response, code, 'Bad'), said: true }
