/**
 * The death of a wasm instance, in the module as it is shipped: what was pending rejects, the status says why, rows stay, a fresh
 * instance takes a new snapshot. And the declared cap on memory, which is no death.
 */
import assert from 'node:assert/strict'

import { assertNothingLeft, test, useWorld } from './harness.mjs'
import { held, whenGone } from './held.mjs'

const world = useWorld({ settings: { pods: 20 } })

/**
 * Ways to die, without a hook in the module. A call into the core from where it forbids JavaScript to run meets a cell that is
 * borrowed: Rust panics.
 */
const DEATHS = {
  'a panic in an export': {
    kill: () => {
      const { now } = performance
      let inside = false
      performance.now = () => {
        if (!inside) {
          inside = true
          void watch.status
          inside = false
        }
        return now.call(performance)
      }
      watch.retry()
      performance.now = now
    },
    says: /^The decoder stopped at wasm\/src\/\S+\.rs:\d+:\d+ \(please report it\) and is started anew\.$/,
  },
  'a panic in the callback of a stream': {
    kill: async () => {
      const mend = panicInStream(watch)
      for (const stream of server.streams)
        stream.write(tableEvent('MODIFIED', { name: 'row-0', value: 'y', version: 3 }))
      await probe.sleep(20)
      mend()
    },
    says: /^The decoder stopped at wasm\/src\/\S+\.rs:\d+:\d+ \(please report it\) and is started anew\.$/,
  },
  'a stack overflow': {
    kill: () => {
      // From the deepest frame upwards each has a little more stack to give: one of them is enough to enter the module, and no more.
      const deep = () => {
        try {
          deep()
        } catch {}
        try {
          watch.pause()
        } catch {}
      }
      deep()
      watch.resume()
    },
    says: /^The decoder ran out of stack and is started anew\.$/,
  },
  'exhausted memory': {
    pages: 64,
    kill: () => {
      view.update({ filter: { text: 'x'.repeat(32 << 20) } })
      view.update({ filter: {} })
    },
    says: /^The decoder ran out of memory and is started anew\.$/,
  },
}

/**
 * A page that draws in time: listeners are told at frames, and a busy machine may draw none between a death and the life after it, a
 * quarter of a second later.
 */
async function promptPage() {
  const page = await world.newPage()
  await page.evaluate(() => {
    window.requestAnimationFrame = (draw) => setTimeout(draw)
    window.cancelAnimationFrame = clearTimeout
  })
  return page
}

for (const [how, { kill, says, pages }] of Object.entries(DEATHS)) {
  test(`${how}: what is pending rejects, rows stay and the status says why, and a new instance goes on`, async () => {
    const page = await promptPage()
    const seen = await page.evaluate(`(async () => {
      window.server = new Server(Server.rows(3))
      const wasm = ${pages} && await limitedModule(${pages})
      window.api = client({ fetch: server.fetch, ...(wasm && { wasm }) })
      window.watch = api.watchTable(PODS)
      const other = api.watchTable(PODS)
      window.view = watch.view({ sort: [{ column: 'Name' }] })
      view.setWindow(0, 10)
      const changes = watch.changes()
      await Promise.all([watch.synced, other.synced])
      await until('rows', () => view.getSnapshot().count === 3 && watch.status.phase === 'live')
      const first = await changes.next()
      const change = changes.next()
      const before = view.getSnapshot()
      // What comes later is only seen if it comes of the death.
      server.body = Server.rows(4)
      const statuses = []
      watch.addEventListener('status', ({ detail }) => statuses.push(detail))
      const others = []
      other.addEventListener('status', ({ detail }) => others.push(detail))
      const search = outcome(view.indexOf('somebody'))
      const died = Date.now();
      await (${kill})()
      const dead = await until('the death', () => statuses.find(({ error }) => error))
      const shown = view.getSnapshot() === before
      await until('life', () => statuses.at(-1).phase === 'live' && others.at(-1)?.phase === 'live')
      const { status } = watch
      const after = await until('the fourth row', () => view.getSnapshot().count === 4 && view.getSnapshot())
      const { value } = await change
      const result = {
        dead, shown, status, died,
        others: others.map(({ phase, error }) => [phase, error?.code]),
        search: await search,
        kinds: [first.value.kind, first.value.added.length, value.kind, value.added.length],
        names: after.rows.map(({ meta }) => meta.name),
        open: server.streams.size,
      }
      api.close()
      return { ...result, left: server.streams.size }
    })()`)
    assert.equal(seen.dead.error.code, 'core-crashed')
    assert.match(seen.dead.error.message, says)
    assert.equal(seen.dead.phase, 'stale')
    assert.ok(seen.dead.staleSince >= seen.died && seen.dead.nextRetryAt > seen.dead.staleSince, JSON.stringify(seen))
    assert.equal(seen.shown, true, 'rows stay')
    assert.equal(seen.search.isWatchError, true)
    assert.equal(seen.search.code, 'core-crashed')
    assert.ok(
      seen.others.some(([phase, code]) => phase === 'stale' && code === 'core-crashed'),
      'the other table of the client is told',
    )
    assert.equal(seen.status.error, undefined)
    assert.equal(seen.status.staleSince, undefined)
    assert.deepEqual(seen.kinds, ['snapshot', 3, 'snapshot', 4], 'a reader of changes goes on with a snapshot')
    assert.deepEqual(seen.names, ['row-0', 'row-1', 'row-2', 'row-3'])
    assert.deepEqual([seen.open, seen.left], [2, 0], 'open streams, before and after the end')
    await assertNothingLeft({ page, gateway: world.gateway })
  })
}

test('200 deaths in a row leave the page healthy, and its memory where it was', async () => {
  const page = await promptPage()
  await page.evaluate(async () => {
    window.server = new Server(Server.rows(20, { bytes: 500 }))
    window.watch = client({ fetch: server.fetch }).watchTable(PODS)
    window.view = watch.view()
    view.setWindow(0, 20)
    await watch.synced
    window.delays = []
  })
  const die = (times) =>
    page.evaluate(`(async () => {
      for (let time = 0; time < ${times}; time += 1) {
        await until('rows', () => watch.status.phase === 'live' && view.getSnapshot().count === 20);
        (${DEATHS['a panic in an export'].kill})()
        const { nextRetryAt } = await until('the death', () => watch.status.error && watch.status)
        delays.push(nextRetryAt - Date.now())
        // Nobody waits half a minute for the next one.
        watch.retry()
      }
      await until('rows', () => watch.status.phase === 'live' && view.getSnapshot().count === 20)
      return { streams: server.streams.size, memory: watch.status.memoryBytes }
    })()`)
  const first = await die(20)
  const before = await held(page)
  const last = await die(180)
  const after = await whenGone(
    () => held(page),
    ({ objects, listeners, bytes }) =>
      objects['WebAssembly.Memory'] > 2 || listeners > before.listeners || bytes >= before.bytes + 100_000,
  )
  const delays = await page.evaluate(() => delays)
  assert.equal(delays.length, 200)
  assert.deepEqual(last, first, 'streams and linear memory')
  assert.ok(after.objects['WebAssembly.Memory'] <= 2, `${after.objects['WebAssembly.Memory']} memories are alive`)
  assert.equal(after.listeners, before.listeners)
  assert.ok(after.bytes < before.bytes + 100_000, `the heap grew from ${before.bytes} to ${after.bytes} bytes`)
  // Who does not press "retry" waits longer each time, up to half a minute.
  assert.ok(Math.max(...delays) > 29_000, `${delays}`)
  await page.evaluate(() => watch.close())
  await assertNothingLeft({ page, gateway: world.gateway })
})

test('a page that asks for more than there is memory dies by turns, ever slower, and lives when it asks for less', async () => {
  const page = await promptPage()
  const seen = await page.evaluate(async () => {
    const server = new Server(Server.rows(3))
    window.watch = client({ fetch: server.fetch, wasm: await limitedModule(64) }).watchTable(PODS)
    const view = watch.view()
    view.setWindow(0, 10)
    await until('rows', () => view.getSnapshot().count === 3)
    const before = view.getSnapshot()
    const tries = []
    watch.addEventListener('status', ({ detail: { nextRetryAt } }) => {
      if (nextRetryAt) tries.push({ at: nextRetryAt, wait: nextRetryAt - Date.now() })
    })
    view.update({ filter: { text: 'x'.repeat(32 << 20) } })
    await until('three deaths', () => tries.length >= 3)
    const { phase, error } = watch.status
    const same = view.getSnapshot() === before
    view.update({ filter: {} })
    watch.retry()
    await until('life', () => watch.status.phase === 'live')
    watch.close()
    return { tries, phase, error, same, asked: server.asked }
  })
  assert.equal(seen.same, true)
  assert.equal(seen.phase, 'stale')
  assert.match(seen.error.message, /ran out of memory/)
  // 250, 500 and 1,000 ms after each death, which is no sooner than the try before it and told some time later.
  const { tries } = seen
  const told = JSON.stringify(tries)
  for (const [index, longest] of [250, 500, 1000].entries()) {
    assert.ok(tries[index].wait <= longest, told)
    // Two clocks, in whole milliseconds.
    if (index > 0) assert.ok(tries[index].at - tries[index - 1].at >= longest - 5, told)
  }
  assert.ok(seen.asked <= 5, `${seen.asked} requests`)
  await assertNothingLeft({ page, gateway: world.gateway })
})

/** What makes a table too big for its cap. */
const GROWTHS = {
  'a new snapshot': async () => {
    server.body = Server.rows(2_000, { bytes: 1_000, version: 9 })
    server.resumed = () => new Response('', { status: 410 })
    watch.pause()
    watch.resume()
  },
  'live changes': async () => {
    for (let index = 0; watch.status.phase === 'live' && index < 2_000; index += 1) {
      server.last.write(
        tableEvent('ADDED', { name: `more-${index}`, value: `${index}`.padEnd(1_000, '.'), version: 3 + index }),
      )
      if (index % 50 === 0) await probe.sleep(0)
    }
  },
}

for (const [what, grow] of Object.entries(GROWTHS)) {
  test(`the cap on memory, reached by ${what}: a stated error, and the last rows stay, marked stale`, async () => {
    const page = await world.newPage()
    const seen = await page.evaluate(`(async () => {
      window.server = new Server(Server.rows(10))
      window.watch = client({ fetch: server.fetch, memoryLimitBytes: 500_000 }).watchTable(PODS)
      const view = watch.view({ sort: [{ column: 'Name' }] })
      view.setWindow(0, 10)
      await until('rows', () => view.getSnapshot().count === 10 && watch.status.phase === 'live')
      const statuses = recordStatus(watch)
      await (${grow})()
      const full = await until('the cap', () => watch.status.phase === 'failed' && watch.status)
      await until('what is held is shown', () => view.getSnapshot().total === watch.status.progress.objects)
      const { rows, count } = view.getSnapshot()
      const asked = server.asked
      await probe.sleep(300)
      const rests = server.asked === asked
      const found = await view.indexOf(rows[3].key)
      // Another part of the rows than was looked at before.
      view.setWindow(5, 8)
      const moved = await until('the window', () => view.getSnapshot().first === 5 && view.getSnapshot().rows)
      // When there are fewer rows again, it goes on.
      server.body = Server.rows(10)
      server.resumed = () => new Response('', { status: 410 })
      watch.retry()
      await until('life', () => watch.status.phase === 'live' && view.getSnapshot().count === 10)
      const { error, staleSince } = watch.status
      watch.close()
      return {
        full, count, rests, found, error, staleSince, statuses,
        names: rows.map(({ meta }) => meta.name),
        moved: moved.map(({ meta }) => meta.name),
        open: server.streams.size,
      }
    })()`)
    assert.equal(seen.full.error.code, 'capacity')
    assert.match(seen.full.error.message, /500000 bytes/)
    assert.ok(seen.full.staleSince > 0, 'stale since when')
    assert.ok(seen.full.heldBytes <= 500_000 + 128 * 1024, `${seen.full.heldBytes} bytes are held`)
    assert.equal(seen.rests, true, 'nothing is asked for until somebody wants it')
    assert.ok(what === 'live changes' ? seen.count > 10 && seen.count < 2_000 : seen.count === 10, `${seen.count} rows`)
    assert.equal(seen.names.length, 10)
    assert.equal(seen.found, 3)
    assert.equal(seen.moved.length, 3)
    assert.doesNotMatch(seen.statuses.join(), /core-crashed/)
    assert.deepEqual([seen.error, seen.staleSince], [undefined, undefined])
    assert.equal(seen.open, 0)
    await assertNothingLeft({ page, gateway: world.gateway })
  })
}

test('memory that ends below the cap: what does not fit is refused like at the cap', async () => {
  const page = await world.newPage()
  const seen = await page.evaluate(async () => {
    const server = new Server(Server.rows(10))
    window.watch = client({ fetch: server.fetch, wasm: await limitedModule(96) }).watchTable(PODS)
    const view = watch.view()
    view.setWindow(0, 10)
    await until('rows', () => view.getSnapshot().count === 10 && watch.status.phase === 'live')
    const statuses = recordStatus(watch)
    server.body = Server.rows(10_000, { bytes: 1_000, version: 9 })
    server.resumed = () => new Response('', { status: 410 })
    watch.pause()
    watch.resume()
    const { error, staleSince } = await until('the end', () => watch.status.phase === 'failed' && watch.status)
    await probe.sleep(100)
    const { count } = view.getSnapshot()
    watch.close()
    return { error, staleSince, count, crashed: statuses.join().includes('core-crashed') }
  })
  assert.equal(seen.error.code, 'capacity')
  assert.match(seen.error.message, /more memory than there is/)
  assert.ok(seen.staleSince > 0)
  assert.equal(seen.count, 10)
  assert.equal(seen.crashed, false)
  await assertNothingLeft({ page, gateway: world.gateway })
})

test('a browser without memory for another instance: a stated failure, and retry() once there is some', async () => {
  const page = await world.newPage()
  const seen = await page.evaluate(async () => {
    // Each client has a memory of its own, for each of which Chromium sets gigabytes of addresses aside.
    const watches = []
    let synced = 'resolved'
    while (synced === 'resolved' && watches.length < 1_000) {
      watches.push(client({ fetch: new Server(Server.rows(3)).fetch }).watchTable(PODS))
      synced = await outcome(watches.at(-1).synced)
    }
    const last = watches.at(-1)
    const { phase, error } = last.status
    const lives = watches.filter(({ status }) => status.phase === 'live').length
    for (const watch of watches.slice(0, 20)) watch.close()
    await until('life', () => {
      if (last.status.phase === 'failed') {
        gc()
        last.retry()
      }
      return last.status.phase === 'live'
    })
    for (const watch of watches) watch.close()
    return { synced, phase, error, lives, opened: watches.length }
  })
  assert.equal(seen.synced.code, 'no-memory')
  assert.deepEqual([seen.phase, seen.error.code], ['failed', 'no-memory'])
  assert.equal(seen.lives, seen.opened - 1, 'the others go on')
  await assertNothingLeft({ page, gateway: world.gateway })
})
