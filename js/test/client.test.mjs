/** The whole package in Node: the wasm module, a `fetch` of the test's own, and what real servers said. */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'

import { createClient, WatchError } from '../../dist/node.js'
import { lines, refusal, Stream } from './recorded.mjs'

const WATCHLIST = '1.37/pods-watchlist-table.http'
const PODS = { version: 'v1', resource: 'pods', namespaces: ['shop'] }

const opened = []
afterEach(() => {
  for (const client of opened.splice(0)) client.close()
})

/** A client whose requests go to `answer(url, init, number)`. */
function clientOf(answer, options = {}) {
  const requests = []
  const client = createClient({
    baseUrl: 'https://api.example',
    fetch: async (url, init) => {
      requests.push({ url: new URL(url), init })
      return answer(url, init, requests.length)
    },
    ...options,
  })
  opened.push(client)
  return { client, requests }
}

/** The events up to and with the end bookmark, and what came after it. */
function split(name) {
  const all = lines(name)
  const end = all.findIndex((line) => line.includes('k8s.io/initial-events-end')) + 1
  assert.ok(end > 0)
  return { initial: all.slice(0, end), live: all.slice(end) }
}

const served = (stream) => clientOf((_url, init) => stream.response(init))

async function until(what, holds) {
  for (let tries = 0; tries < 500; tries += 1) {
    const value = holds()
    if (value) return value
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  assert.fail(`never: ${what}`)
}

test('rows appear in one step at the end bookmark, and change with the stream', async () => {
  const { initial, live } = split(WATCHLIST)
  const stream = new Stream(initial.slice(0, -1))
  const { client } = served(stream)
  const pods = client.watchTable(PODS)
  const view = pods.view({ columns: 'wide', sort: [{ column: 'Name' }] })
  view.setWindow(0, 50)
  await until('progress', () => pods.status.progress.objects === 3)
  assert.equal(pods.status.phase, 'syncing')
  assert.equal(view.getSnapshot().count, 0)

  stream.push(initial.at(-1))
  await pods.synced
  assert.equal(pods.status.mode, 'watchlist')
  assert.equal(pods.status.format, 'table')
  // Not before the view shows the rows.
  await until('live', () => pods.status.phase === 'live')
  const first = view.getSnapshot()
  assert.equal(first.count, 3)
  assert.equal(first.total, 3)
  assert.deepEqual(first.columns.map(({ name }) => name).slice(0, 3), ['Name', 'Ready', 'Status'])
  assert.equal(first.rows.length, 3)
  assert.equal(first.rows[0].meta.namespace, 'shop')
  assert.match(first.rows[0].path, /^\/api\/v1\/namespaces\/shop\/pods\//)

  for (const line of live) stream.push(line)
  const second = await until('a change', () => view.getSnapshot() !== first && view.getSnapshot())
  assert.ok(second.version > first.version)
})

test('snapshots are frozen, the same until they change, and share the rows that did not', async () => {
  const { initial, live } = split(WATCHLIST)
  const stream = new Stream(initial)
  const { client } = served(stream)
  const view = client.watchTable(PODS).view({ sort: [{ column: 'Name' }] })
  view.setWindow(0, 50)
  // As React's useSyncExternalStore calls them: without a receiver.
  const { subscribe, getSnapshot } = view
  let told = 0
  subscribe(() => (told += 1))
  const first = await until('rows', () => getSnapshot().count === 3 && getSnapshot())
  assert.equal(getSnapshot(), first)
  for (const part of [
    first,
    first.rows,
    first.rows[0],
    first.rows[0].cells,
    first.rows[0].meta.labels,
    first.columns,
  ]) {
    assert.ok(Object.isFrozen(part))
  }
  const before = told
  const change = live.find((line) => line.startsWith('{"type":"MODIFIED"'))
  const changed = JSON.parse(change).object.rows[0].object.metadata.name
  stream.push(change)
  const second = await until('the change', () => view.getSnapshot() !== first && view.getSnapshot())
  assert.equal(told, before + 1)
  for (const row of first.rows) {
    const same = second.rows.includes(row)
    assert.equal(same, row.meta.name !== changed, row.meta.name)
  }
  assert.equal(second.columns, first.columns)
})

test('a window is what is read, and nothing outside it', async () => {
  const { client } = served(new Stream(split(WATCHLIST).initial))
  const view = client.watchTable(PODS).view({ sort: [{ column: 'Name' }] })
  view.setWindow(1, 2)
  const { first, rows, count } = await until('rows', () => view.getSnapshot().count === 3 && view.getSnapshot())
  assert.deepEqual([first, rows.length, count], [1, 1, 3])
  view.setWindow(0, 100)
  const all = await until('the wider window', () => view.getSnapshot().rows.length === 3 && view.getSnapshot())
  assert.equal(all.rows[1], rows[0])
  assert.equal(await view.indexOf(all.rows[2].key), 2)
  assert.equal(await view.indexOf('nobody'), -1)
  view.update({ filter: { text: all.rows[2].meta.name } })
  const found = await until('the filter', () => view.getSnapshot().count === 1 && view.getSnapshot())
  assert.equal(found.rows[0].key, all.rows[2].key)
  assert.equal(found.total, 3)
})

test('options that are none are said in the snapshot and leave the rows alone', async () => {
  const { client } = served(new Stream(split(WATCHLIST).initial))
  const view = client.watchTable(PODS).view()
  view.setWindow(0, 9)
  await until('rows', () => view.getSnapshot().count === 3)
  view.update({ filter: { labelSelector: 'a in (' } })
  const bad = await until('the refusal', () => view.getSnapshot().error && view.getSnapshot())
  assert.equal(bad.error.code, 'invalid-view')
  assert.equal(bad.count, 3)
  view.update({ filter: {} })
  await until('the cure', () => view.getSnapshot().error === undefined)
})

test('close hangs up, ends the status and rejects what waits', async () => {
  const stream = new Stream(split(WATCHLIST).initial.slice(0, 1))
  const { client } = served(stream)
  const pods = client.watchTable(PODS)
  await until('a row', () => pods.status.progress.objects === 1)
  const search = pods.view().indexOf('x')
  pods.close()
  await assert.rejects(search, { code: 'closed' })
  await assert.rejects(pods.synced, { name: 'WatchError', code: 'closed' })
  assert.equal(pods.status.phase, 'closed')
  await until('the abort', () => stream.aborted)
  pods.close()
  pods.retry()
  pods.pause()
})

test("the caller's signal closes, before and after the start", async () => {
  const abort = new AbortController()
  const stream = new Stream(split(WATCHLIST).initial)
  const { client, requests } = served(stream)
  const pods = client.watchTable(PODS, { signal: abort.signal })
  await pods.synced
  abort.abort('with a reason')
  assert.equal(pods.status.phase, 'closed')
  assert.equal(stream.aborted, true)
  const late = client.watchTable(PODS, { signal: abort.signal })
  assert.equal(late.status.phase, 'closed')
  assert.equal(requests.length, 1)
})

test('a document over the limit is skipped, counted and stated; the limit is 16 MiB unless it is set', async () => {
  // The first event carries the columns: it is another one that is too large.
  const [first, second, ...rest] = split(WATCHLIST).initial
  const large = second.replace('"metadata":{', `"metadata":{"annotations":{"note":"${'x'.repeat(100_000)}"},`)
  for (const [options, rows] of [
    [{}, 3],
    [{ frameLimitBytes: 50_000 }, 2],
    [{ frameLimitBytes: 1e12 }, 3],
  ]) {
    const { client } = clientOf((_url, init) => new Stream([first, large, ...rest]).response(init), options)
    const pods = client.watchTable(PODS)
    await pods.synced
    const { progress, droppedFrames, error } = pods.status
    assert.deepEqual(
      [progress.objects, droppedFrames, error?.code],
      [rows, 3 - rows, rows < 3 ? 'incomplete' : undefined],
    )
  }
})

test('closing from an abort listener, which runs in the middle of a call, ends this table alone', async () => {
  const { initial } = split(WATCHLIST)
  let pods
  const { client, requests } = clientOf((_url, init, number) => {
    if (number === 1) init.signal.addEventListener('abort', () => pods.close())
    return new Stream(initial).response(init)
  })
  pods = client.watchTable(PODS)
  await pods.synced
  const other = client.watchTable(PODS)
  await other.synced
  // In a task of its own, which has a whole slice: else the end of the request might come later than the call.
  await new Promise((resolve) => setTimeout(resolve, 20))
  pods.pause()
  await until('the end', () => pods.status.phase === 'closed')
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(other.status.error, undefined)
  assert.equal(other.status.phase, 'live')
  assert.equal(requests.length, 2)
})

test('closing from within a listener', async () => {
  const { client } = served(new Stream(split(WATCHLIST).initial))
  const pods = client.watchTable(PODS)
  pods.addEventListener('status', () => pods.close(), { once: true })
  await until('the end', () => pods.status.phase === 'closed')
})

test('a refusal is a WatchError with what the server said, and no unhandled rejection', async () => {
  const { client } = clientOf(() =>
    Response.json(
      {
        kind: 'Status',
        status: 'Failure',
        message: 'pods is forbidden: no',
        reason: 'Forbidden',
        details: { kind: 'pods' },
        code: 403,
      },
      { status: 403 },
    ),
  )
  const pods = client.watchTable(PODS)
  await until('the refusal', () => pods.status.phase === 'failed')
  await assert.rejects(pods.synced, (error) => {
    assert.ok(error instanceof WatchError)
    assert.equal(error.code, 'forbidden')
    assert.equal(error.httpStatus, 403)
    assert.equal(error.kubernetes.reason, 'Forbidden')
    assert.match(error.message, /pods is forbidden: no/)
    return true
  })
})

test('a 401 asks for a fresh token once, then rests until retry', async () => {
  const asked = []
  let good = false
  const stream = new Stream(split(WATCHLIST).initial)
  const { client, requests } = clientOf((_url, init) => (good ? stream.response(init) : refusal('1.37/401.http')), {
    getToken: ({ refresh }) => {
      asked.push(refresh)
      return `token-${asked.length}`
    },
  })
  const pods = client.watchTable(PODS)
  await until('auth', () => pods.status.phase === 'auth')
  assert.deepEqual(asked, [false, true])
  assert.deepEqual(
    requests.map(({ init }) => init.headers.get('authorization')),
    ['Bearer token-1', 'Bearer token-2'],
  )
  good = true
  pods.retry()
  await pods.synced
  for (const { url } of requests) assert.doesNotMatch(url.href, /token/)
  assert.doesNotMatch(JSON.stringify(pods.status), /token-/)
})

test('a token that cannot be renewed is auth, not a loop', async () => {
  const { client, requests } = clientOf(() => refusal('1.37/401.http'), {
    getToken: ({ refresh }) => {
      if (refresh) throw new Error('signed out')
      return 'old'
    },
  })
  const pods = client.watchTable(PODS)
  await until('auth', () => pods.status.phase === 'auth')
  assert.equal(requests.length, 1)
})

test('pause before the module has loaded holds', async () => {
  const { client, requests } = served(new Stream(split(WATCHLIST).initial))
  const pods = client.watchTable(PODS)
  pods.pause()
  await until('the pause', () => pods.status.phase === 'paused')
  assert.equal(requests.length, 0)
  pods.resume()
  await pods.synced
})

test('a module that cannot be had fails with its reason, and retry tries again', async () => {
  const { client } = clientOf(() => assert.fail('asked'), {
    wasm: new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } }),
  })
  const pods = client.watchTable(PODS)
  await assert.rejects(pods.synced, { code: 'wasm-not-wasm' })
  assert.equal(pods.status.phase, 'failed')
  assert.match(pods.status.error.message, /optimizeDeps/)
})

test('an instance that dies is replaced: rows stay, the status says so, a snapshot comes anew', async () => {
  const { initial } = split(WATCHLIST)
  const streams = []
  const { client, requests } = clientOf((_url, init, number) => {
    if (number === 2) return deadly()
    streams.push(new Stream(initial))
    return streams.at(-1).response(init)
  })
  const pods = client.watchTable(PODS)
  const view = pods.view()
  view.setWindow(0, 9)
  await until('rows', () => view.getSnapshot().count === 3)
  const before = view.getSnapshot()
  const told = []
  pods.addEventListener('status', ({ detail }) => told.push(detail))
  // Hangs up cleanly; the next request meets a response that throws in the middle of a wasm frame.
  streams[0].end()
  await until('the death', () => told.some(({ error }) => error?.code === 'core-crashed'))
  assert.equal(view.getSnapshot(), before)
  assert.equal(pods.status.phase, 'stale')
  assert.ok(pods.status.staleSince <= Date.now())
  await until('life', () => pods.status.phase === 'live')
  assert.equal(pods.status.error, undefined)
  assert.equal(pods.status.staleSince, undefined)
  assert.ok(requests.length >= 3)
  assert.deepEqual(
    view
      .getSnapshot()
      .rows.map(({ key }) => key)
      .sort(),
    before.rows.map(({ key }) => key).sort(),
  )
})

test('a table that is opened between a death and its telling is on a healthy instance, and stays there', async (t) => {
  const { initial } = split(WATCHLIST)
  const made = t.mock.method(WebAssembly, 'Instance')
  const statuses = []
  let late
  const { client } = clientOf((_url, init, number) => {
    if (number > 1) return new Stream(initial).response(init)
    return deadly(() =>
      queueMicrotask(() => {
        late = client.watchTable(PODS)
        late.addEventListener('status', ({ detail }) => statuses.push(detail))
      }),
    )
  })
  const first = client.watchTable(PODS)
  await until('the death', () => first.status.error?.code === 'core-crashed')
  await until('two live tables', () => first.status.phase === 'live' && late.status.phase === 'live')
  for (const { error } of statuses) assert.equal(error, undefined)
  assert.equal(made.mock.callCount(), 2)
})

/** What no honest server sends: a response whose status can be read once. `before`: called in the frame that dies. */
function deadly(before = () => {}) {
  let reads = 0
  return {
    get status() {
      reads += 1
      if (reads === 1) return 200
      before()
      throw new Error('from inside a wasm frame')
    },
    headers: new Headers(),
    body: null,
  }
}

test('one namespace or all: several are refused at once', () => {
  const { client } = clientOf(() => assert.fail('asked'))
  assert.throws(() => client.watchTable({ ...PODS, namespaces: ['a', 'b'] }), { code: 'unsupported' })
})

test('changes: the whole snapshot first, then what changes, keyed', async () => {
  const { initial, live } = split(WATCHLIST)
  const stream = new Stream(initial)
  const { client } = served(stream)
  const pods = client.watchTable(PODS)
  const changes = pods.changes()
  const rows = new Map()
  let last = false
  while (!last) {
    const { value } = await changes.next()
    assert.equal(value.kind, 'snapshot')
    assert.ok(Object.isFrozen(value.added))
    for (const row of value.added) rows.set(row.key, row)
    last = value.last
  }
  assert.equal(rows.size, 3)
  const next = changes.next()
  for (const line of live) stream.push(line)
  const { value } = await next
  assert.equal(value.kind, 'update')
  assert.ok(value.added.length + value.changed.length + value.removed.length > 0)
  for (const row of value.changed) assert.ok(rows.has(row.key))
  for (const key of value.removed) assert.ok(rows.has(key))
  const rest = changes.next()
  pods.close()
  assert.deepEqual(await rest, { done: true, value: undefined })
  assert.deepEqual(await changes.next(), { done: true, value: undefined })
})

test('changes can be left at any time', async () => {
  const { client } = served(new Stream(split(WATCHLIST).initial))
  const pods = client.watchTable(PODS)
  for await (const change of pods.changes()) {
    assert.equal(change.kind, 'snapshot')
    break
  }
  assert.equal(pods.status.phase, 'live')
})

test('held rows stay where they are while cells go on changing', async () => {
  const { initial } = split(WATCHLIST)
  const stream = new Stream(initial)
  const { client } = served(stream)
  const view = client.watchTable(PODS).view({ sort: [{ column: 'Name' }] })
  view.setWindow(0, 9)
  const before = await until('rows', () => view.getSnapshot().count === 3 && view.getSnapshot())
  view.hold()
  const gone = JSON.parse(initial[0])
  gone.type = 'DELETED'
  stream.push(`${JSON.stringify(gone)}\n`)
  const held = await until('the waiting move', () => view.getSnapshot().pending === 1 && view.getSnapshot())
  assert.deepEqual(
    held.rows.map(({ key }) => key),
    before.rows.map(({ key }) => key),
  )
  assert.deepEqual(
    held.rows.flatMap(({ removed, meta }) => (removed ? [meta.name] : [])),
    [gone.object.rows[0].object.metadata.name],
  )
  view.release()
  await until('the release', () => view.getSnapshot().count === 2)
})

test('times in cells tick without any event', async () => {
  const { initial } = split(WATCHLIST)
  const now = Date.now()
  const young = initial.map((line) =>
    line.replaceAll(
      /"creationTimestamp":"[^"]+"/g,
      `"creationTimestamp":"${new Date(now - 5000).toISOString().slice(0, 19)}Z"`,
    ),
  )
  const { client } = served(new Stream(young))
  const view = client.watchTable(PODS).view({ columns: ['Age'] })
  view.setWindow(0, 9)
  const first = await until('rows', () => view.getSnapshot().count === 3 && view.getSnapshot())
  assert.match(first.rows[0].cells[0], /^\ds$/)
  const second = await until('the next second', () => view.getSnapshot() !== first && view.getSnapshot())
  assert.notEqual(second.rows[0].cells[0], first.rows[0].cells[0])
})

test('tokens, addresses and bodies are in no status and no error', async () => {
  const secret = 'sEcReT'
  const seen = []
  const kinds = [
    () => refusal('1.37/401.http'),
    () => Response.json({ kind: 'Status', reason: 'Forbidden', message: 'no', code: 403 }, { status: 403 }),
    () => new Response(`<html>${secret}</html>`, { status: 200, headers: { 'content-type': 'text/html' } }),
    () => new Response(`${secret}`, { status: 500 }),
    () => Promise.reject(new Error(`connect https://${secret}@host`)),
    () =>
      new Response(`{"type":"ADDED","object":{"kind":"${secret}`, {
        headers: { 'content-type': 'application/json' },
      }),
  ]
  for (const answer of kinds) {
    const { client, requests } = clientOf(answer, {
      baseUrl: 'https://host.example/x',
      getToken: () => secret,
    })
    const pods = client.watchTable(PODS)
    pods.addEventListener('status', ({ detail }) => seen.push(JSON.stringify(detail)))
    await until('an error', () => pods.status.error !== undefined)
    seen.push(
      JSON.stringify(pods.status),
      String(await Promise.race([pods.synced.catch((error) => error.stack), null])),
    )
    for (const { url } of requests) assert.doesNotMatch(url.href, new RegExp(secret))
    client.close()
  }
  assert.doesNotMatch(seen.join('\n').replaceAll(import.meta.dirname, ''), new RegExp(`${secret}|host\\.example`))
})
