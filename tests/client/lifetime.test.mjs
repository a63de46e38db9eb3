/** Whoever closes or aborts, whenever, leaves nothing behind: no request at the server, no timer in the page, nothing uncaught. */
import assert from 'node:assert/strict'

import { endBookmark, refusal, stream, tableEvent } from './events.mjs'
import { assertNothingLeft, test, until, useWorld } from './harness.mjs'

const world = useWorld({ settings: { pods: 20 } })

/** Stages of a watch: how the server answers, and what the page waits for before it ends the watch. */
const STAGES = {
  'before the module is there': { answer: () => undefined, reached: 'at once', settled: false, unsent: true },
  'before the head': { answer: () => true, reached: 'asked', settled: false },
  'after the head': { answer: (response) => stream(response), reached: 'syncing', settled: false },
  'in mid-snapshot': {
    answer: (response) => stream(response).write(tableEvent('ADDED', { name: 'a', first: true })),
    reached: () => watch.status.progress.objects === 1,
    settled: false,
  },
  'at the bookmark': {
    answer: (response) => stream(response).write(tableEvent('ADDED', { name: 'a', first: true }) + endBookmark(2)),
    reached: () => watch.synced.then(() => true),
    settled: true,
  },
  live: {
    answer: (response) => stream(response).write(tableEvent('ADDED', { name: 'a', first: true }) + endBookmark(2)),
    reached: () => watch.status.phase === 'live' && watch.status.progress.objects === 1,
    settled: true,
  },
  'waiting for a retry': {
    answer: (response) =>
      refusal(response, 503, 'ServiceUnavailable', 'not now', { details: { retryAfterSeconds: 1 } }),
    reached: () => watch.status.nextRetryAt > Date.now(),
    settled: false,
  },
  'signed out': {
    answer: (response) => refusal(response, 401, 'Unauthorized', 'Unauthorized'),
    reached: () => watch.status.phase === 'auth',
    settled: false,
  },
}

const ENDS = {
  'close()': () => watch.close(),
  'abort()': () => abort.abort(new Error('the reason of the page')),
  "the client's close()": () => api.close(),
}

for (const [stage, { answer, reached, settled, unsent = false }] of Object.entries(STAGES)) {
  for (const [name, end] of Object.entries(ENDS)) {
    test(`${name} ${stage}`, async () => {
      world.gateway.script = (_request, response) => {
        answer(response)
        return true
      }
      const page = await world.newPage()
      const asked = () => world.gateway.requests.length
      await page.evaluate(`{
        window.abort = new AbortController()
        window.api = client({ getToken: () => 'token' })
        window.watch = api.watchTable(PODS, { signal: abort.signal })
        window.seen = recordStatus(watch);
        ${reached === 'at once' ? `(${end})()` : ''}
      }`)
      if (reached === 'asked' || reached === 'syncing') await until('the request', () => asked() > 0)
      if (reached === 'syncing') await page.evaluate(() => probe.sleep(50))
      if (typeof reached === 'function') await page.evaluate(`until('${stage}', ${reached})`)
      const result = await page.evaluate(`(async () => {
        const wait = (watch.status.nextRetryAt ?? Date.now()) - Date.now();
        (${end})()
        const phase = watch.status.phase
        const outcomeOfSynced = await outcome(watch.synced)
        return { wait, phase, outcome: outcomeOfSynced, last: JSON.parse(seen.at(-1)).phase }
      })()`)
      assert.equal(result.phase, 'closed')
      assert.equal(result.last, 'closed', 'the last status that listeners were told')
      if (settled) assert.equal(result.outcome, 'resolved')
      else {
        assert.equal(result.outcome.isWatchError, true)
        assert.equal(result.outcome.code, 'closed')
      }
      await assertNothingLeft({ page, gateway: world.gateway })
      // Longer than what it would have waited for.
      const before = asked()
      await page.evaluate((delay) => probe.sleep(delay), result.wait + 300)
      assert.equal(asked(), before, 'a request after the end')
      if (unsent) assert.equal(before, 0)
      await assertNothingLeft({ page, gateway: world.gateway })
    })
  }
}

/** Closes from inside callbacks, each of which is called at another depth. */
const INSIDE = {
  'a status listener': () => watch.addEventListener('status', () => watch.close(), { once: true }),
  'a status listener when live': () =>
    watch.addEventListener('status', ({ detail }) => {
      if (detail.phase === 'live') watch.close()
    }),
  'a view listener': () => {
    const view = watch.view()
    view.setWindow(0, 10)
    view.subscribe(() => watch.close())
  },
}

for (const [where, arrange] of Object.entries(INSIDE)) {
  test(`close() from inside ${where}`, async () => {
    const page = await world.newPage()
    const phase = await page.evaluate(`(async () => {
      window.watch = client().watchTable(PODS);
      (${arrange})()
      await until('the end', () => watch.status.phase === 'closed')
      return watch.status.phase
    })()`)
    assert.equal(phase, 'closed')
    await assertNothingLeft({ page, gateway: world.gateway })
  })
}

const CALLBACKS = {
  getToken: () => ({ getToken: () => (watch.close(), 'token') }),
  'an asynchronous getToken': () => ({ getToken: async () => (await probe.sleep(20), watch.close(), 'token') }),
  headers: () => ({ headers: () => (watch.close(), {}) }),
  'an asynchronous headers': () => ({ headers: async () => (await probe.sleep(20), watch.close(), {}) }),
  fetch: () => ({ fetch: (url, init) => (watch.close(), fetch(url, init)) }),
  'fetch, before it throws': () => ({
    fetch: () => {
      watch.close()
      throw new Error('thrown after the end')
    },
  }),
  'fetch, after the answer': () => ({
    fetch: async (url, init) => {
      const response = await fetch(url, init)
      watch.close()
      return response
    },
  }),
  baseUrl: () => ({ baseUrl: () => (watch.close(), '') }),
}

for (const [where, options] of Object.entries(CALLBACKS)) {
  test(`close() from inside ${where}`, async () => {
    const page = await world.newPage()
    const result = await page.evaluate(`(async () => {
      window.watch = client((${options})()).watchTable(PODS)
      const result = await outcome(watch.synced)
      await probe.sleep(200)
      return { result, phase: watch.status.phase }
    })()`)
    assert.equal(result.phase, 'closed')
    assert.equal(result.result.code, 'closed')
    await assertNothingLeft({ page, gateway: world.gateway })
  })
}

/** What ends a request while the core is being called: the caller's abort listener runs in the middle of that. */
const HANG_UPS = {
  'pause()': () => watch.pause(),
  "the client's own close()": () => api.close(),
  'the watchdog': () => {
    const { now } = performance
    performance.now = () => now.call(performance) + 600_000
    dispatchEvent(new Event('online'))
  },
}

/** Whose signal tells of it. */
const SIGNALS = {
  fetch: (onSignal) => ({ fetch: (_url, { signal }) => (onSignal(signal), new Promise(() => {})) }),
  getToken: (onSignal) => ({ getToken: ({ signal }) => (onSignal(signal), new Promise(() => {})) }),
}

for (const [cause, hangUp] of Object.entries(HANG_UPS)) {
  for (const [whose, options] of Object.entries(SIGNALS)) {
    test(`close() from an abort listener of ${whose}, upon ${cause}, ends this table alone`, async () => {
      const page = await world.newPage()
      const result = await page.evaluate(`(async () => {
        let signal
        const given = (${options})((first) => {
          if (signal) return
          signal = first
          first.addEventListener('abort', () => watch.close())
        })
        // The first request is the one to be ended; all others are answered.
        let token = 0
        window.api = client({
          fetch: (...args) => (given.fetch && !signal ? given.fetch(...args) : fetch(...args)),
          getToken: (info) => (given.getToken && (token += 1) === 1 ? given.getToken(info) : 'token'),
        })
        window.watch = api.watchTable(PODS)
        await until('the request', () => signal)
        const other = api.watchTable(PODS)
        const seen = recordStatus(other)
        await other.synced
        // In a task of its own, which has a whole slice: else the end of the request might come later than the call.
        await probe.sleep(50);
        (${hangUp})()
        await until('the end', () => watch.status.phase === 'closed')
        await probe.sleep(100)
        const { phase, reconnects } = other.status
        other.close()
        return { phase, reconnects, seen }
      })()`)
      assert.doesNotMatch(result.seen.join(), /core-crashed/)
      if (cause === 'pause()') assert.deepEqual([result.phase, result.reconnects], ['live', 0])
      await assertNothingLeft({ page, gateway: world.gateway })
    })
  }
}

/** What a caller's `fetch` may do instead of what it should. */
const FETCHES = {
  'throws synchronously': () => () => {
    throw new Error('from the fetch of the page')
  },
  'rejects with undefined': () => () => Promise.reject(),
  'rejects with a text': () => () => Promise.reject('just text'),
  'rejects with null': () => () => Promise.reject(null),
  'returns no promise': () => () => ({}),
  'returns undefined': () => () => undefined,
  'resolves to a text': () => async () => 'no response',
  'resolves to what only looks like a response': () => async () => ({
    status: 200,
    headers: new Headers(),
    body: 'text',
  }),
  'resolves to a response that was read': () => async () => {
    const response = new Response('{}', { headers: { 'content-type': 'application/json' } })
    await response.text()
    return response
  },
  'resolves to a response that somebody reads': () => async () => {
    const response = new Response('{}', { headers: { 'content-type': 'application/json' } })
    response.body.getReader()
    return response
  },
  'gives a body of texts': () => async () => ({
    status: 200,
    headers: new Headers({ 'content-type': 'application/json' }),
    body: new ReadableStream({ start: (controller) => controller.enqueue('text') }),
  }),
  'resolves to a response without a body': () => async () =>
    new Response(null, { headers: { 'content-type': 'application/json' } }),
}

for (const [what, made] of Object.entries(FETCHES)) {
  test(`a fetch that ${what} is a failure that is tried again, and ends with close()`, async () => {
    const page = await world.newPage()
    const result = await page.evaluate(`(async () => {
      let calls = 0
      const broken = (${made})()
      window.watch = client({ fetch: (...args) => (calls += 1, broken(...args)) }).watchTable(PODS)
      const status = await until('the failure', () => watch.status.error !== undefined && watch.status)
      await probe.sleep(300)
      const early = calls
      watch.close()
      return { code: status.error.code, phase: status.phase, retry: status.nextRetryAt !== undefined, early, synced: await outcome(watch.synced) }
    })()`)
    assert.ok(result.code.length > 0)
    assert.equal(result.retry, true, `${result.phase}: ${result.code}`)
    assert.ok(result.early <= 8, `${result.early} requests at once: it spins`)
    assert.equal(result.synced.code, 'closed')
    await assertNothingLeft({ page, gateway: world.gateway })
  })
}

test('a fetch that never settles is ended by close(), and its signal aborted', async () => {
  const page = await world.newPage()
  const result = await page.evaluate(async () => {
    let signal
    window.watch = client({ fetch: (_url, init) => ((signal = init.signal), new Promise(() => {})) }).watchTable(PODS)
    await until('the request', () => signal)
    watch.close()
    return { aborted: signal.aborted, reason: String(signal.reason), synced: await outcome(watch.synced) }
  })
  assert.equal(result.aborted, true)
  assert.equal(result.synced.code, 'closed')
  await assertNothingLeft({ page, gateway: world.gateway })
})

test('two clients, and one after all were closed, fetch and compile the module once', async () => {
  const page = await world.newPage()
  const result = await page.evaluate(async () => {
    const { compileStreaming } = WebAssembly
    let compiled = 0
    WebAssembly.compileStreaming = (...args) => ((compiled += 1), compileStreaming(...args))
    const first = [client(), client()]
    await Promise.all(first.map((api) => api.watchTable(PODS).synced))
    for (const api of first) api.close()
    const last = client()
    await last.watchTable(PODS).synced
    last.close()
    const fetched = performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('.wasm'))
    return { compiled, fetched: fetched.length }
  })
  assert.deepEqual(result, { compiled: 1, fetched: 1 })
  await assertNothingLeft({ page, gateway: world.gateway })
})

test("a fetch of another realm: an iframe's responses and bytes are as good as ours", async () => {
  const page = await world.newPage()
  const rows = await page.evaluate(async () => {
    const frame = document.createElement('iframe')
    document.body.append(frame)
    window.watch = client({ fetch: (url, init) => frame.contentWindow.fetch(url, init) }).watchTable(PODS)
    await watch.synced
    const view = watch.view()
    view.setWindow(0, 100)
    const { count } = await until('rows', () => view.getSnapshot().count > 0 && view.getSnapshot())
    const { reconnects, error } = watch.status
    watch.close()
    return { count, reconnects, error }
  })
  assert.equal(rows.error, undefined)
  assert.equal(rows.reconnects, 0)
  assert.equal(rows.count, (await world.control('GET', 'state?path=/api/v1/pods')).rows.length)
  await assertNothingLeft({ page, gateway: world.gateway })
})

test('bytes made in another realm', async () => {
  const page = await world.newPage()
  const phase = await page.evaluate(
    async (text) => {
      const frame = document.createElement('iframe')
      document.body.append(frame)
      const { Response, TextEncoder, ReadableStream } = frame.contentWindow
      const body = () =>
        new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode(text)) })
      window.watch = client({
        fetch: async () => new Response(body(), { headers: { 'content-type': 'application/json' } }),
      }).watchTable(PODS)
      await until('a settled status', () => watch.status.phase === 'live' || watch.status.error)
      const { phase } = watch.status
      watch.close()
      return phase
    },
    tableEvent('ADDED', { name: 'a', first: true }) + endBookmark(2),
  )
  assert.equal(phase, 'live')
  await assertNothingLeft({ page, gateway: world.gateway })
})

test('getToken that rejects at first is tried again; one that cannot renew is auth, and rests', async () => {
  const page = await world.newPage()
  const first = await page.evaluate(async () => {
    let calls = 0
    window.watch = client({
      getToken: async () => {
        calls += 1
        if (calls === 1) throw new Error('no session yet')
        return 'token'
      },
    }).watchTable(PODS)
    const failed = await until('the failure', () => watch.status.error && watch.status)
    await watch.synced
    watch.close()
    return { code: failed.error.code, message: failed.error.message, calls }
  })
  assert.equal(first.calls, 2)
  assert.doesNotMatch(first.message, /no session yet/)
  await assertNothingLeft({ page, gateway: world.gateway })

  world.gateway.script = (_request, response) => (refusal(response, 401, 'Unauthorized', 'Unauthorized'), true)
  const asked = world.gateway.requests.length
  const phase = await page.evaluate(async () => {
    window.watch = client({
      getToken: ({ refresh }) => (refresh ? Promise.reject(new Error('signed out')) : 'old'),
    }).watchTable(PODS)
    await until('auth', () => watch.status.phase === 'auth')
    await probe.sleep(1_000)
    const { phase } = watch.status
    watch.close()
    return phase
  })
  assert.equal(phase, 'auth')
  assert.equal(world.gateway.requests.length, asked + 1)
  await assertNothingLeft({ page, gateway: world.gateway })
})

test('getToken that never settles is ended by close(), and its signal aborted', async () => {
  const page = await world.newPage()
  const result = await page.evaluate(async () => {
    let signal
    window.watch = client({ getToken: (options) => ((signal = options.signal), new Promise(() => {})) }).watchTable(
      PODS,
    )
    await until('the question', () => signal)
    watch.close()
    return { aborted: signal.aborted, synced: await outcome(watch.synced) }
  })
  assert.equal(result.aborted, true)
  assert.equal(result.synced.code, 'closed')
  await assertNothingLeft({ page, gateway: world.gateway })
})

test('a listener that throws: the others are called, nothing dies, and the page hears of it', async () => {
  const page = await world.newPage()
  const result = await page.evaluate(async () => {
    window.watch = client().watchTable(PODS)
    const view = watch.view()
    view.setWindow(0, 10)
    const called = { status: 0, view: 0 }
    watch.addEventListener('status', () => {
      throw new Error('from a status listener')
    })
    watch.addEventListener('status', () => (called.status += 1))
    view.subscribe(() => {
      throw new Error('from a view listener')
    })
    view.subscribe(() => (called.view += 1))
    await watch.synced
    await until('rows', () => view.getSnapshot().count > 0)
    const { status, view: rows } = called
    // Another change, after the throws.
    view.update({ filter: { text: 'no row has this' } })
    await until('the filter', () => view.getSnapshot().count === 0)
    await until('the other listeners', () => called.view > rows)
    const { phase } = watch.status
    watch.close()
    const heard = probe.uncaught.splice(0)
    return { status, rows, phase, heard }
  })
  assert.ok(result.status > 0)
  assert.ok(result.rows > 0)
  assert.equal(result.phase, 'live')
  for (const text of ['from a status listener', 'from a view listener']) {
    assert.ok(
      result.heard.some((line) => line.includes(text)),
      `${text}: ${result.heard}`,
    )
  }
  await assertNothingLeft({ page, gateway: world.gateway })
})

test('views and searches end with their watch', async () => {
  const page = await world.newPage()
  const result = await page.evaluate(async () => {
    window.watch = client().watchTable(PODS)
    const view = watch.view()
    view.setWindow(0, 10)
    await until('rows', () => view.getSnapshot().rows.length > 0)
    const before = view.getSnapshot()
    const search = outcome(view.indexOf('somebody'))
    watch.close()
    view.setWindow(5, 6)
    view.update({ sort: [{ column: 'Name' }] })
    view.hold()
    view.release()
    await probe.sleep(100)
    return {
      search: await search,
      late: await outcome(view.indexOf('x')),
      same: view.getSnapshot() === before,
      of: (await outcome(watch.view().indexOf('x'))).code,
    }
  })
  assert.equal(result.search.code, 'closed')
  assert.equal(result.late.code, 'closed')
  assert.equal(result.of, 'closed')
  assert.equal(result.same, true, 'what was shown stays readable')
  await assertNothingLeft({ page, gateway: world.gateway })
})
