/** Watch events in Table form, made up, for answers that a test writes itself, in Node or in the page. */

const COLUMNS = [
  { name: 'Name', type: 'string', format: 'name', description: 'Name of the object', priority: 0 },
  { name: 'Value', type: 'string', format: '', description: 'A value', priority: 0 },
]

/** An event with one row; the first of a stream carries the columns. */
export function tableEvent(type, { name, value = '', version = 1, first = false }) {
  const metadata = {
    name,
    namespace: 'shop',
    uid: `00000000-0000-4000-8000-${hex(name).slice(-12).padStart(12, '0')}`,
    resourceVersion: String(version),
    creationTimestamp: '2026-01-02T03:04:05Z',
  }
  return line(type, {
    columnDefinitions: first ? COLUMNS : null,
    rows: [{ cells: [name, value], object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata } }],
    metadata: { resourceVersion: String(version) },
  })
}

/** The bookmark that ends the initial events. */
export function endBookmark(version) {
  const metadata = {
    resourceVersion: String(version),
    creationTimestamp: null,
    annotations: { 'k8s.io/initial-events-end': 'true' },
  }
  return line('BOOKMARK', {
    columnDefinitions: null,
    rows: [{ cells: ['', ''], object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata } }],
    metadata: { resourceVersion: String(version) },
  })
}

/** A stream of events: its head, and then what the test writes. */
export function stream(response, headers = {}) {
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private', ...headers })
  response.flushHeaders()
  return response
}

/** A `Status` of the API server, with its HTTP status. */
export function refusal(response, code, reason, message, more = {}) {
  response.writeHead(code, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' })
  response.end(
    JSON.stringify({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason,
      code,
      ...more,
    }),
  )
}

function hex(text) {
  return [...new TextEncoder().encode(text)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

function line(type, table) {
  return `${JSON.stringify({ type, object: { kind: 'Table', apiVersion: 'meta.k8s.io/v1', ...table } })}\n`
}
