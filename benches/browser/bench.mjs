// Runs in the page. `window.bench` is called by scripts/bench.mjs; one call is one measured run.
import { createClient } from './kube-watchlist/index.js'
import { discard, lean, ours, whole } from './pipelines.mjs'

const QUERY =
  'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=300'
const ACCEPT = {
  table: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
  object: 'application/json',
}
const url = `/api/v1/pods?${QUERY}`
const request = (form) => ({ headers: { Accept: ACCEPT[form], Range: 'bytes=0-' }, cache: 'no-store' })

/** The chunks of one whole initial phase, read once and replayed from memory. */
const recorded = {}

async function record(form) {
  const abort = new AbortController()
  const response = await fetch(url, { ...request(form), signal: abort.signal })
  const reader = response.body.getReader()
  const chunks = []
  const decoder = new TextDecoder()
  let tail = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) throw new Error('the stream ended before the end bookmark')
    chunks.push(value)
    tail = (tail + decoder.decode(value, { stream: true })).slice(-4096)
    if (tail.includes('initial-events-end')) break
  }
  abort.abort()
  recorded[form] = { chunks, bytes: chunks.reduce((sum, chunk) => sum + chunk.length, 0) }
  return recorded[form].bytes
}

/** A stream of the recorded chunks that stays open behind them, as a watch does. */
function replay(form) {
  const chunks = recorded[form].chunks
  let next = 0
  return new ReadableStream({
    pull(controller) {
      if (next < chunks.length) controller.enqueue(chunks[next++])
      else return new Promise(() => {})
    },
  })
}

const replayed = (form) => async () =>
  new Response(replay(form), { status: 200, headers: { 'Content-Type': 'application/json' } })

/** The public API asks for Tables; for whole objects the bench answers as a server without Tables does. */
const networked = (form) => (address, init) => {
  const headers = new Headers(init.headers)
  if (form === 'object') headers.set('Accept', ACCEPT.object)
  return fetch(address, { ...init, headers })
}

const runs = {
  'decode/ours': (form) => ours(createClient, replayed(form))(),
  'decode/lean': (form) => lean(replay(form)),
  'decode/whole': (form) => whole(replay(form)),
  'network/discard': async (form) => discard((await fetch(url, request(form))).body, recorded[form].bytes),
  'network/ours': (form) => ours(createClient, networked(form))(),
  'network/lean': async (form) => lean((await fetch(url, request(form))).body),
}

async function once(name, form) {
  globalThis.gc?.()
  await new Promise((resolve) => setTimeout(resolve, 20))
  performance.mark(`${name} start`)
  const started = performance.now()
  const result = await runs[name](form)
  const milliseconds = performance.now() - started
  performance.mark(`${name} end`)
  result.close?.()
  return { milliseconds, rows: result.rows }
}

/**
 * A table that stays open beside those that are measured, as a page has them, on an instance of its own. Without one every run takes
 * a tenth longer: with the last instance of a module V8 lets go of what it made for the first, and the JavaScript pipelines keep theirs.
 */
function open() {
  return new Promise((resolve) => {
    const fetch = () => {
      resolve(client)
      return new Promise(() => {})
    }
    const client = createClient({ baseUrl: location.origin, fetch })
    client.watchTable({ version: 'v1', resource: 'namespaces' })
  })
}

globalThis.bench = { record, once, beside: await open() }
document.title = 'ready'
