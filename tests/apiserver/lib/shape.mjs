// What two servers must have in common when they answer the same request: the exchange without what differs from run
// to run (names of connections, uids, times, resourceVersions), one line for the head, each event, row, or cause.
import { inflateRawSync } from 'node:zlib'
import { isInitialEnd } from '../../../scripts/lib/kube-client.mjs'

/**
 * The lines of an exchange. Bookmarks within a stream come when the server likes, so they are left out unless
 * `bookmarks` asks for them; the one that ends the initial events always stands. Of a document that is neither list
 * nor Status, `keys` are shown.
 */
export function shape(exchange, { bookmarks = false, keys } = {}) {
  const text = exchange.text()
  const lines = [head(exchange)]
  if (text === '') return lines
  if (!exchange.headers['content-type']?.startsWith('application/json')) return [...lines, `text ${text.trim()}`]
  if (isStream(text)) {
    // The first event has the columns, be it a bookmark that is left out: then the next one tells of them.
    let columns
    for (const event of exchange.events()) {
      columns ??= event.object.columnDefinitions
      if (event.type === 'BOOKMARK' && !isInitialEnd(event) && !bookmarks) continue
      lines.push(...eventLines(event, columns))
      columns = null
    }
    return lines
  }
  if (/^[{[]\n/.test(text)) lines[0] += ' pretty'
  const document = JSON.parse(text)
  return [...lines, ...(keys ? keys.map((key) => `${key} ${typeof document[key]}`) : documentLines(document))]
}

const isStream = (text) => /^\{"type":"[A-Z]+","object":/.test(text)

/** The fields of the head that a client acts on. */
function head({ status, headers }) {
  const parts = [`HTTP ${status}`]
  const type = headers['content-type']
  if (type !== 'application/json') parts.push(type)
  for (const name of ['content-encoding', 'vary', 'retry-after', 'warning']) {
    if (headers[name]) parts.push(`${name}=${headers[name]}`)
  }
  return parts.join(' ')
}

function eventLines({ type, object }, columnDefinitions) {
  if (type === 'ERROR') return [type, ...documentLines(object)]
  const end = isInitialEnd({ type, object }) ? ' end' : ''
  if (object.kind !== 'Table')
    return [[type, object.kind, ...(object.metadata.name ? [object.metadata.name] : [])].join(' ') + end]
  const columns = columnsOf({ columnDefinitions: columnDefinitions ?? object.columnDefinitions })
  // A Table's bookmark is a row of an empty object: no name, and cells that say nothing.
  const rows = object.rows.map((row) => rowLine(row)).join(' + ')
  return [`${type} ${tableName(object)}${columns} ${rows}${end}`]
}

function documentLines(document) {
  if (document.kind === 'Status') return statusLines(document)
  if (document.kind === 'Table') {
    return [`${tableName(document)}${columnsOf(document)}${page(document.metadata)}`, ...document.rows.map(rowLine)]
  }
  if (document.kind?.endsWith('List') && Array.isArray(document.items)) {
    const kind = (item) => (item.kind ? `${item.kind} ` : '')
    return [
      `${document.kind}${page(document.metadata)}`,
      ...document.items.map((item) => `${kind(item)}${item.metadata?.name ?? ''}`),
    ]
  }
  return [`${document.kind} ${document.metadata?.name ?? ''}`]
}

function statusLines({ apiVersion, metadata, status, message, reason, details, code }) {
  const fields = [apiVersion, status, reason ?? '-', code]
  if (metadata.continue) fields.push('continue')
  const lines = [`Status ${fields.join(' ')}`, masked(message)]
  if (details) {
    const { causes = [], ...rest } = details
    lines.push(`details ${JSON.stringify(rest)}`)
    for (const { reason: why, field, message: sentence } of causes)
      lines.push(`cause ${why} ${field ?? '-'}: ${masked(sentence)}`)
  }
  return lines
}

/** Sentences carry the resourceVersion of the moment. */
const masked = (sentence) =>
  sentence
    ?.replace(/current: \d+/, 'current: N')
    .replace(/too old resource version: \d+ \(\d+\)/, 'too old resource version: N (N)')

const tableName = ({ apiVersion }) => (apiVersion === 'meta.k8s.io/v1' ? 'Table' : `Table(${apiVersion})`)
const columnsOf = ({ columnDefinitions }) => (columnDefinitions ? ` ${columnDefinitions.length} columns` : '')
const page = (metadata) =>
  (metadata.continue ? ' continue' : '') +
  (metadata.remainingItemCount ? ` remaining ${metadata.remainingItemCount}` : '')

function rowLine({ cells, object }) {
  const held = object === null ? 'nothing' : object.kind === 'PartialObjectMetadata' ? '' : object.kind
  const name = object === null ? cells[0] : (object.metadata.name ?? 'empty')
  return [name, ...(held ? [`with ${held}`] : [])].join(' ')
}

/** What holds of every exchange, whatever was asked. Throws where it does not. */
export function checkInvariants(exchange) {
  const problem = (what) => new Error(`${exchange.request.path}: ${what}`)
  const { headers, status } = exchange
  if (
    headers['content-type']?.startsWith('application/json') &&
    !/^(no-cache, private|public)$/.test(headers['cache-control'] ?? '')
  ) {
    throw problem(`cache-control is ${headers['cache-control']}`)
  }
  const text = exchange.text()
  if (status >= 400 && headers['content-type'] === 'application/json') {
    const body = JSON.parse(text)
    if (body.kind !== 'Status' || body.code !== status) throw problem(`status ${status} with ${text.slice(0, 200)}`)
  }
  if (!isStream(text)) return
  if (!text.endsWith('\n') || /^\s*$/m.test(text.slice(0, -1))) throw problem('events are not one a line')
  if (headers['content-length'] !== undefined) throw problem('a stream has a length')
  // Initial events come in the order of names; only what follows them, or a watch from a version, goes by version.
  const path = exchange.request.path
  const live = /[?&]resourceVersion=[1-9]/.test(path) && !/[?&]sendInitialEvents=true/.test(path)
  checkStream(exchange.events(), live, problem)
}

function checkStream(events, live, problem) {
  const rows = new Map()
  let columns
  const marked = events.some(isInitialEnd)
  let synced = live
  let last = 0n
  events.forEach((event, index) => {
    const { type, object } = event
    if (type === 'ERROR') return
    const at = `event ${index + 1} (${type} of ${object.kind})`
    const version = object.metadata.resourceVersion
    if (!/^[1-9]\d*$/.test(version ?? '')) throw problem(`${at} has no resourceVersion`)
    let metadata = object.metadata
    if (object.kind === 'Table') {
      // Only the first event of a stream has the columns, whatever its type.
      if ((index === 0) !== Array.isArray(object.columnDefinitions))
        throw problem(`${at} has its columns at the wrong place`)
      columns ??= object.columnDefinitions
      if (object.rows?.length !== 1) throw problem(`${at} has ${object.rows?.length} rows`)
      if (object.rows[0].cells.length !== columns.length) throw problem(`${at} has cells for other columns`)
      for (const column of columns) {
        if (Object.keys(column).join() !== 'name,type,format,description,priority')
          throw problem(`column ${JSON.stringify(column)}`)
      }
      metadata = object.rows[0].object?.metadata
      if (metadata && metadata.resourceVersion !== version)
        throw problem(`${at}: row and Table have two resourceVersions`)
    }
    const end = isInitialEnd(event)
    if (type !== 'BOOKMARK' && metadata && !(metadata.name && metadata.uid))
      throw problem(`${at} has neither name nor uid`)
    if (type === 'BOOKMARK' && metadata?.name) throw problem(`${at} has a name`)
    if (synced && BigInt(version) < last) throw problem(`${at} goes back to ${version} after ${last}`)
    if (synced || end) last = BigInt(version)
    if (marked && !synced && type !== 'ADDED' && !end)
      throw problem(`${at} stands before the end of the initial events`)
    if (type !== 'BOOKMARK' && metadata) {
      const known = rows.has(metadata.uid)
      if (type === 'ADDED' && known) throw problem(`${at}: ${metadata.name} was there already`)
      if (type === 'DELETED') rows.delete(metadata.uid)
      else rows.set(metadata.uid, metadata.name)
    }
    synced ||= end
  })
}

/** How many gzip members a body has; a browser reads one. */
export function gzipMembers(bytes) {
  let count = 0
  let rest = bytes
  while (rest.length > 0) {
    // A member of Go's writer: ten bytes of head, a deflate stream, eight bytes of check.
    const { engine } = inflateRawSync(rest.subarray(10), { info: true })
    rest = rest.subarray(10 + engine.bytesWritten + 8)
    count += 1
  }
  return count
}
