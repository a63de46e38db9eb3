/** Memory is where it was: after many watches, snapshots and hang-ups; and what is needed no more is given back. */
import assert from 'node:assert/strict'

import { deadlyAnswer } from '../common/deadly-answer.mjs'
import { assertNothingLeft, test, useWorld } from './harness.mjs'
import { assertHeld, held, whenGone } from './held.mjs'

const world = useWorld({ settings: { pods: 20 } })

const CLASSES = ['WebAssembly.Memory', 'AbortController', 'AbortSignal', 'ReadableStream', 'Promise', 'Map', 'Set']
/** A watch that is closed goes some turns later, when others have come: a few hold this, however many there were in all. */
const A_FEW_WATCHES = 1 << 20

/** Linear memory, streams and all that `held` tells, with a table open that keeps the instance. */
async function measure(page) {
  const { bytes, listeners, objects } = await held(page, CLASSES)
  const { linear, streams } = await page.evaluate(() => ({
    linear: anchor.status.memoryBytes,
    streams: server.streams.size,
  }))
  return { bytes, linear, counts: { ...objects, listeners, streams } }
}

/** Opens a table that stays; `options` go to the client. */
async function openAnchor(page, options = '{}') {
  await page.evaluate(`(async () => {
    window.server = new Server(Server.rows(50, { bytes: 200 }))
    window.api = client({ fetch: server.fetch, ...(${options}) })
    window.anchor = api.watchTable(PODS)
    window.anchorView = anchor.view()
    anchorView.setWindow(0, 10)
    await until('rows', () => anchorView.getSnapshot().count === 50)
  })()`)
}

async function finish(page) {
  await page.evaluate(() => api.close())
  await assertNothingLeft({ page, gateway: world.gateway })
}

/** Does `work(times)` in the page a few times, which may make room, and then many times, which may not. */
async function assertSteady(page, work, { few, many, bytes }) {
  const run = (times) => page.evaluate(`(${work})(${times})`)
  await run(few)
  const before = await measure(page)
  await run(many)
  const grown = ({ counts }) => Object.entries(counts).filter(([name, count]) => count > before.counts[name])
  const after = await whenGone(
    () => measure(page),
    (measured) => grown(measured).length > 0 || measured.bytes > before.bytes + bytes,
  )
  assert.deepEqual(grown(after), [], JSON.stringify(before.counts))
  assert.ok(
    after.linear <= before.linear + A_FEW_WATCHES,
    `linear memory grew from ${before.linear} to ${after.linear}`,
  )
  assert.ok(after.bytes <= before.bytes + bytes, `the heap grew from ${before.bytes} to ${after.bytes} bytes`)
}

test('1,000 watches with views, readers and signals, opened and closed', async () => {
  const page = await world.newPage()
  await openAnchor(page)
  const work = async (times) => {
    for (let time = 0; time < times; time += 1) {
      const abort = new AbortController()
      const watch = api.watchTable(PODS, { signal: abort.signal })
      const view = watch.view({ sort: [{ column: 'Name' }] })
      view.setWindow(0, 10)
      view.subscribe(() => {})
      watch.addEventListener('status', () => {})
      await watch.synced
      if (time % 4 === 0) {
        const changes = watch.changes()
        await changes.next()
        void changes.next()
        void view.indexOf('x').catch(() => {})
      }
      if (time % 2) watch.close()
      else abort.abort()
    }
  }
  // The engine's own notes on the code that runs take some 60 KB.
  await assertSteady(page, work, { few: 100, many: 1_000, bytes: 200_000 })
  await finish(page)
})

test('ten snapshots that change every row', async () => {
  const page = await world.newPage()
  await openAnchor(page)
  await page.evaluate(async () => {
    server.resumed = () => new Response('', { status: 410 })
    window.versions = 10
    server.body = Server.rows(3_000, { bytes: 500 })
    window.watch = api.watchTable(PODS)
    window.view = watch.view({ sort: [{ column: 'Value' }] })
    view.setWindow(0, 10)
    await watch.synced
  })
  const work = async (times) => {
    for (let time = 0; time < times; time += 1) {
      const value = `v${++versions}`
      server.body = Server.rows(3_000, { bytes: 500, value, version: versions })
      watch.pause()
      watch.resume()
      const all = () => view.getSnapshot().rows[0]?.cells[1].startsWith(value) && watch.status.phase === 'live'
      await until(value, () => {
        if (watch.status.nextRetryAt) watch.retry()
        return all()
      })
      if (watch.status.lastSnapshot.changed !== 3_000) throw new Error(JSON.stringify(watch.status.lastSnapshot))
    }
    // The texts of the test's own answer are garbage of the same size each time.
    server.body = ''
  }
  await assertSteady(page, work, { few: 3, many: 10, bytes: 200_000 })
  await finish(page)
})

/** Where a watch is when it is hung up on: how the server answers, and what is waited for. */
const STAGES = {
  'before the head': { answer: () => new Promise(() => {}), reached: () => true },
  'after the head': { answer: (signal) => server.stream(signal, ''), reached: () => watch.status.phase === 'syncing' },
  'in mid-snapshot': {
    answer: (signal) => server.stream(signal, Server.rows(300, { bytes: 500 }).slice(0, -2_000)),
    reached: () => watch.status.progress.objects > 100,
  },
  'in mid-document': {
    answer: (signal) => server.stream(signal, Server.rows(1, { bytes: 1_000_000 }).slice(0, 900_000)),
    reached: () => watch.status.progress.bytes >= 900_000,
  },
  'at the bookmark': {
    answer: (signal) => server.stream(signal, Server.rows(300, { bytes: 500 })),
    reached: () => watch.synced.then(() => true),
  },
  live: {
    answer: (signal) => server.stream(signal, Server.rows(300, { bytes: 500 })),
    reached: () => watch.status.phase === 'live',
  },
}

test('ten connects and hang-ups at every stage of a stream', async () => {
  const page = await world.newPage()
  await openAnchor(page)
  const stages = Object.entries(STAGES).map(([name, { answer, reached }]) => `['${name}', ${answer}, ${reached}]`)
  const work = `async (times) => {
    for (const [name, answer, reached] of [${stages}]) {
      for (let time = 0; time < times; time += 1) {
        let asked = false
        server.script = (signal) => ((asked = true), answer(signal))
        const abort = new AbortController()
        window.watch = api.watchTable(PODS, { signal: abort.signal })
        await until('the request', () => asked)
        await until(name, reached)
        if (time % 2) abort.abort()
        else watch.close()
      }
    }
    server.script = window.watch = undefined
  }`
  await assertSteady(page, work, { few: 3, many: 10, bytes: 200_000 })
  await finish(page)
})

test('a fetch that does not heed the signal has its bodies cancelled, and keeps no memory', async () => {
  const page = await world.newPage()
  const asked = await page.evaluate(`(async () => {
    window.server = new Server(Server.rows(50))
    const deaf = (url, init) => server.fetch(url, { ...init, signal: new AbortController().signal })
    for (let time = 0; time < 5; time += 1) {
      window.api = client({ fetch: deaf })
      await api.watchTable(PODS).synced
      api.close()
    }
    await until('the last cancel', () => server.streams.size === 0)
    // Refused at its head, so the signal is aborted before anybody reads.
    server.script = async (signal) => {
      server.script = undefined
      const { body } = server.stream(signal, '')
      return new Response(body, { headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } })
    }
    window.api = client({ fetch: deaf })
    api.watchTable(PODS)
    await until('the next request', () => server.asked === 7)
    await until('the cancel of what was refused', () => server.streams.size === 1)
    api.close()
    await until('the cancel of the other', () => server.streams.size === 0)
    let answer
    server.script = (signal) => new Promise((resolve) => (answer = () => resolve(server.stream(signal, ''))))
    window.api = client({ fetch: deaf })
    api.watchTable(PODS)
    await until('the request', () => answer)
    api.close()
    answer()
    await until('the cancel of one that comes too late', () => server.streams.size === 0)
    return server.asked
  })()`)
  assert.equal(asked, 8)
  await assertHeld(page, { 'WebAssembly.Memory': 0 })
  await finish(page)
})

/** Fills linear memory: a table of 20 MB beside the one that stays, until it is closed. */
const fill = async () => {
  const { body } = server
  server.body = Server.rows(2_000, { bytes: 10_000 })
  window.big = api.watchTable({ version: 'v1', resource: 'configmaps' })
  await big.synced
  await until('the peak', () => big.status.phase === 'live' && anchor.status.memoryBytes > 20_000_000)
  server.body = body
  // A peak between two frames is seen by nobody.
  await probe.frame()
  await probe.frame()
}

/** Machines on which a fresh instance takes over. */
const MACHINES = {
  '': () => {},
  // To the core every look at the clock takes longer than it may hold the page: each step is one of its own, in a frame of its own.
  ', also on a slow machine': () => {
    const { now } = performance
    let more = 0
    performance.now = () => now.call(performance) + (more += 7)
  },
}

for (const [where, arrange] of Object.entries(MACHINES)) {
  test(`when little of linear memory is in use, a fresh instance takes over, and nobody misses anything${where}`, async () => {
    const page = await world.newPage()
    await openAnchor(page)
    const seen = await page.evaluate(`(async () => {
      await (${fill})()
      const full = anchor.status.memoryBytes
      const { lastSnapshot } = anchor.status
      const told = []
      anchor.addEventListener('status', ({ detail }) => told.push(detail.phase + ' ' + detail.resourceVersion))
      const counts = []
      anchorView.subscribe(() => counts.push(anchorView.getSnapshot().count))
      const reader = anchor.changes()
      await reader.next()
      const change = reader.next()
      const search = anchorView.indexOf(anchorView.getSnapshot().rows[7].key)
      const { asked } = server
      ;(${arrange})()
      big.close()
      await until('a fresh memory', () => anchor.status.memoryBytes < full / 4)
      const { memoryBytes, heldBytes } = anchor.status
      const moved = { asked: server.asked - asked, streams: server.streams.size, kept: anchor.status.lastSnapshot }
      const found = await search
      // Before the next event, which on a busy machine would be told together with it.
      const { value } = await change
      server.last.write(tableEvent('ADDED', { name: 'later', version: 3 }))
      await until('a change', () => anchorView.getSnapshot().count === 51)
      const other = api.watchTable(PODS)
      await other.synced
      const shared = other.status.memoryBytes === anchor.status.memoryBytes
      other.close()
      await probe.sleep(300)
      return {
        full, memoryBytes, heldBytes, told, counts, moved, lastSnapshot, found, shared,
        change: [value.kind, value.added.length],
        again: server.asked - asked,
      }
    })()`)
    assert.ok(seen.full > 20_000_000 && seen.memoryBytes < 5_000_000, JSON.stringify(seen))
    assert.deepEqual([...new Set(seen.told)], ['live 2', 'live 3'])
    assert.ok(
      seen.counts.every((count) => count === 50 || count === 51),
      `${seen.counts}`,
    )
    assert.equal(seen.moved.asked, 1, 'one request, of the table that stays')
    assert.equal(seen.moved.streams, 1, 'the old stream was hung up')
    assert.deepEqual(seen.moved.kept, seen.lastSnapshot, 'nothing changed, so nothing is told to have changed')
    assert.equal(seen.found, 7)
    assert.deepEqual(seen.change, ['snapshot', 50])
    assert.equal(seen.shared, true, 'a new table is on the fresh instance')
    assert.equal(seen.again, 2, 'it moves once')
    // The old memory is let go of.
    await assertHeld(page, { 'WebAssembly.Memory': 1 })
    await finish(page)
  })
}

test('rows that are deleted make a fresh instance worth while too, but no order that is held is disturbed by it', async () => {
  const page = await world.newPage()
  await openAnchor(page)
  const seen = await page.evaluate(`(async () => {
    await (${fill})()
    const full = anchor.status.memoryBytes
    anchorView.hold()
    for (let index = 1; index < 2_000; index += 1)
      server.last.write(tableEvent('DELETED', { name: 'row-' + index, version: 3 + index }))
    await until('all but one are deleted', () => big.status.heldBytes < 1_000_000)
    await until('the other one to move', () => big.status.memoryBytes < full / 4)
    await probe.sleep(200)
    const held = anchor.status.memoryBytes
    anchorView.release()
    await until('the released one to move', () => anchor.status.memoryBytes < full / 4)
    return { full, held, bigPhase: big.status.phase, streams: server.streams.size }
  })()`)
  assert.ok(seen.held >= seen.full, 'a table that is held stays where it is')
  assert.equal(seen.streams, 2)
  await assertHeld(page, { 'WebAssembly.Memory': 1 })
  await finish(page)
})

/** Why a fresh instance cannot take over; each returns what undoes it. */
const OBSTACLES = {
  'the browser has no memory for it': () => {
    const { Instance } = WebAssembly
    WebAssembly.Instance = class {
      constructor() {
        throw new RangeError('no memory')
      }
    }
    return () => {
      WebAssembly.Instance = Instance
    }
  },
  'it dies': () => {
    const answer = deadlyAnswer()
    server.script = async () => answer
    return () => {
      server.script = undefined
    }
  },
  'it gets no rows': () => {
    server.script = () => new Promise(() => {})
    return () => {
      server.script = undefined
    }
  },
}

test('a fresh instance that cannot take over disturbs nothing, and is not tried again and again', async () => {
  const page = await world.newPage()
  await openAnchor(page)
  for (const [why, arrange] of Object.entries(OBSTACLES)) {
    const seen = await page.evaluate(`(async () => {
      ${deadlyAnswer}
      const [stream] = server.streams
      const statuses = []
      const note = ({ detail }) => statuses.push([detail.phase, detail.error?.code].join(' '))
      anchor.addEventListener('status', note)
      await (${fill})()
      const { asked } = server
      const undo = (${arrange})()
      big.close()
      // It is tried in a frame.
      await probe.frame()
      await probe.frame()
      await probe.sleep(500)
      undo()
      stream.write(tableEvent('MODIFIED', { name: 'row-1', value: '${why}', version: 9 }))
      await until('a change', () => anchorView.getSnapshot().rows.some(({ cells }) => cells[1] === '${why}'))
      await probe.sleep(500)
      anchor.removeEventListener('status', note)
      return { asked: server.asked - asked, memory: anchor.status.memoryBytes, statuses }
    })()`)
    assert.ok(seen.memory > 20_000_000, `${why}: ${seen.memory}`)
    assert.deepEqual([...new Set(seen.statuses)], ['live '], why)
    assert.equal(seen.asked, why === 'the browser has no memory for it' ? 0 : 1, why)
  }
  await finish(page)
})

test('with the last watch the memory goes', async () => {
  const page = await world.newPage()
  await openAnchor(page)
  await page.evaluate(() => api.close())
  await assertHeld(page, { 'WebAssembly.Memory': 0, AbortController: 0, ReadableStream: 0 })
  await page.evaluate(() => api.watchTable(PODS).synced)
  await assertHeld(page, { 'WebAssembly.Memory': 1 })
  await finish(page)
})
