// The pipelines that are compared. Each takes the bytes of one WatchList stream as a web stream, stops at the end of
// the initial events and returns how many rows it holds.

/** Splits a byte stream at newlines into decoded lines, and says which line ended the initial events. */
async function eachLine(body, onEvent) {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const text = rest + decoder.decode(value, { stream: true })
    const lines = text.split('\n')
    rest = lines.pop()
    for (const line of lines) {
      if (onEvent(JSON.parse(line))) {
        await reader.cancel()
        return
      }
    }
  }
}

const END = 'k8s.io/initial-events-end'
/** No end of the initial events is longer. */
const TAIL = 4096

function ended(event) {
  if (event.type !== 'BOOKMARK') return false
  const meta = event.object.metadata
  return (meta.annotations?.[END] ?? event.object.rows?.[0]?.object?.metadata?.annotations?.[END]) === 'true'
}

/** TextDecoder, JSON.parse, and a Map that keeps whole rows (or whole objects). */
export async function whole(body) {
  const rows = new Map()
  await eachLine(body, (event) => {
    if (ended(event)) return true
    const kept = event.object.kind === 'Table' ? event.object.rows[0] : event.object
    const meta = (kept.object ?? kept).metadata
    if (event.type === 'DELETED') rows.delete(meta.uid)
    else rows.set(meta.uid, kept)
    return false
  })
  return { rows: rows.size, keep: rows }
}

/** The same, keeping only the fields that our store keeps. */
export async function lean(body) {
  const rows = new Map()
  await eachLine(body, (event) => {
    if (ended(event)) return true
    const table = event.object.kind === 'Table'
    const meta = (table ? event.object.rows[0].object : event.object).metadata
    if (event.type === 'DELETED') {
      rows.delete(meta.uid)
      return false
    }
    rows.set(meta.uid, {
      cells: table ? event.object.rows[0].cells : [meta.name, meta.namespace, meta.creationTimestamp],
      name: meta.name,
      namespace: meta.namespace,
      uid: meta.uid,
      resourceVersion: meta.resourceVersion,
      creationTimestamp: meta.creationTimestamp,
      deletionTimestamp: meta.deletionTimestamp,
      labels: meta.labels,
      owners: meta.ownerReferences,
      finalizers: meta.finalizers,
    })
    return false
  })
  return { rows: rows.size, keep: rows }
}

/** kube-watchlist, through its public API. */
export function ours(createClient, fetch) {
  return async () => {
    const client = createClient({ baseUrl: location.origin, fetch })
    const pods = client.watchTable({ version: 'v1', resource: 'pods' })
    await pods.synced
    const rows = pods.status.progress.objects
    return { rows, keep: client, close: () => client.close() }
  }
}

/**
 * Reads the body and throws it away: what the network costs. Stops at the end of the initial events, which is looked for near
 * `bytes` alone: ages in the rows make one body some bytes longer or shorter than another.
 */
export async function discard(body, bytes) {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let read = 0
  let tail = ''
  while (!tail.includes(END)) {
    const { done, value } = await reader.read()
    if (done) break
    read += value.length
    if (read > 0.99 * bytes) tail = (tail + decoder.decode(value.subarray(-TAIL))).slice(-TAIL)
  }
  await reader.cancel()
  return { rows: read }
}
