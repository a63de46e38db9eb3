/** Whatever fails: no token, no query and no body is in any status, error, stack or message. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { stream } from './events.mjs'
import { BODY, FAILURES, SAID } from './failures.mjs'
import { startGateway } from './gateway.mjs'
import { assertNothingLeft, test, useWorld } from './harness.mjs'

const world = useWorld({ settings: { pods: 20 } })

const TOKEN = 'Tk9-token'
const QUERY = 'qy9-query'
const REST = ['labelSelector', '/api/v1/pods', 'Bearer']

/** Browsers log a request that failed, with its address in another place than its text; what is blocked for its origin with all of it. */
const ofTheBrowser = (entry) => /^error: (Failed to load resource:|Access to fetch at)/.test(entry)

/** None of `markers` is in what a page saw. */
function assertSilent(seen, markers) {
  const text = JSON.stringify(seen)
  const low = text.toLowerCase()
  for (const marker of markers) {
    const at = low.indexOf(marker.toLowerCase())
    assert.ok(at < 0, `${marker} in ${text.slice(Math.max(0, at - 300), at + 300)}`)
  }
}

/** Watches the pods through one failure, tries again, and closes; what statuses, views and errors say meanwhile. Runs in the page. */
const through = async ([id, { code, later, limit }, token, query]) => {
  const options = { getToken: () => token, headers: () => ({ 'X-Private': token }) }
  const api = client({ ...options, ...(limit && { memoryLimitBytes: limit }) })
  const watch = api.watchTable({ ...PODS, labelSelector: `canary!=${query}-${id}` })
  const statuses = recordStatus(watch)
  const view = watch.view({ columns: 'wide' })
  view.setWindow(0, 10)
  // Errors as the page gets them, from everywhere where there are some.
  const errors = []
  watch.addEventListener('status', ({ detail }) => errors.push(describe(new Error('', { cause: detail.error }))))
  const came = () => statuses.some((text) => text.includes(`"code":"${code}"`))
  if (later) {
    await until(later, () => watch.status.phase === later)
    window.waiting += 1
  }
  // Not by a clock: it is made to jump.
  for (let waited = 0; waited < 30_000 && !came(); waited += 20) await probe.sleep(20)
  // And what comes of trying again.
  watch.retry()
  await probe.sleep(300)
  const { columns: _columns, rows: _rows, ...shown } = view.getSnapshot()
  const synced = outcome(watch.synced)
  api.close()
  statuses.push(JSON.stringify(watch.status))
  return { statuses, errors: [...errors, await synced, await outcome(view.indexOf('x'))], shown, came: came() }
}

/** All failures at once, in two pages: in the second one time is made to pass. Done by the first test that asks. */
let observed
function observe() {
  observed ??= (async () => {
    const seen = new Map()
    const entries = Object.entries(FAILURES).map(([what, failure], id) => [what, failure, id])
    const numbers = new Map()
    world.gateway.script = (_request, response, entry) => {
      const id = Number(/-(\d+)$/.exec(entry.query.labelSelector ?? '')?.[1])
      // A probe selects by field alone: it is not answered.
      if (!entries[id]) return Boolean(stream(response))
      const { sendInitialEvents, watch } = entry.query
      const kind = sendInitialEvents ? 'watchlist' : watch ? 'watch' : 'list'
      numbers.set(id, (numbers.get(id) ?? 0) + 1)
      entries[id][1].answer(response, { kind, number: numbers.get(id) })
      return true
    }
    for (const later of [false, true]) {
      const page = await world.newPage()
      const all = entries.filter(([, failure]) => Boolean(failure.later) === later)
      // A browser opens six connections to a host.
      for (let first = 0; first < all.length; first += 5) {
        const some = all.slice(first, first + 5)
        const running = page.evaluate(
          `(window.waiting = 0, Promise.all(${JSON.stringify(some.map(([, failure, id]) => [id, failure, TOKEN, QUERY]))}.map(${through})))`,
        )
        if (later) {
          await page.evaluate(async (count) => {
            await until('all wait', () => window.waiting === count)
            const { now } = performance
            performance.now = () => now.call(performance) + 600_000
            dispatchEvent(new Event('online'))
          }, some.length)
        }
        for (const [index, result] of (await running).entries()) seen.set(some[index][0], result)
      }
      const { uncaught } = await page.evaluate(() => ({ uncaught: probe.uncaught }))
      seen.set(`logged ${later}`, { logged: page.logged, uncaught })
      await assertNothingLeft({ page, gateway: world.gateway })
    }
    for (const [what, , id] of entries)
      seen.get(what).asked = world.gateway.requests.filter(
        ({ headers, query }) =>
          headers.authorization === `Bearer ${TOKEN}` && query.labelSelector === `canary!=${QUERY}-${id}`,
      ).length
    return seen
  })()
  return observed
}

for (const [what, { code, said = false }] of Object.entries(FAILURES)) {
  test(`${what} tells nothing of token, query or body`, async () => {
    const { asked, came, ...seen } = (await observe()).get(what)
    assert.ok(asked > 0, 'the token and the query were not sent: this test shows nothing')
    assert.ok(asked <= 20, `${asked} requests in so short a time: it spins`)
    assert.ok(came, `no status has the code ${code}: ${seen.statuses.join('\n')}`)
    assertSilent(seen, [TOKEN, QUERY, BODY, ...REST])
    // A page that was loaded from somewhere names its own files in a stack; that is no request of ours.
    assertSilent([seen.statuses, seen.shown], [world.gateway.url.slice('http://'.length)])
    if (said) assert.ok(JSON.stringify(seen).includes(SAID), "the server's own sentence is what an operator needs")
  })
}

test('no failure is logged, and none is left uncaught', async () => {
  for (const later of [false, true]) {
    const { logged, uncaught } = (await observe()).get(`logged ${later}`)
    assertSilent([logged, uncaught], [TOKEN, QUERY, BODY, ...REST])
    assert.deepEqual([uncaught, logged.filter((entry) => !ofTheBrowser(entry))], [[], []])
  }
})

test('every code that the machine knows was among them', () => {
  const spec = readFileSync(join(import.meta.dirname, '../../docs/SPEC.md'), 'utf8')
  const table = spec.slice(spec.indexOf('\n## Codes\n'))
  const codes = [...table.matchAll(/^\| `([a-z-]+)` /gm)].map(([, code]) => code)
  assert.ok(codes.length > 30, `${codes}`)
  const provoked = new Set(['compressed', ...Object.values(FAILURES).map(({ code }) => code)])
  assert.deepEqual(
    codes.filter((code) => !provoked.has(code)),
    [],
  )
})

test('an answer of the caller that says it is compressed', async () => {
  const page = await world.newPage()
  const seen = await page.evaluate(
    async ([token, query, body]) => {
      const headers = { 'content-type': 'application/json', 'content-encoding': body }
      const api = client({ fetch: async () => new Response(body, { headers }), getToken: () => token })
      const watch = api.watchTable({ ...PODS, labelSelector: `a!=${query}` })
      const statuses = recordStatus(watch)
      const { code } = await until('the reason', () => watch.status.fallbackReason)
      await probe.sleep(100)
      api.close()
      return { code, statuses, synced: await outcome(watch.synced) }
    },
    [TOKEN, QUERY, BODY],
  )
  assert.equal(seen.code, 'compressed')
  assertSilent([seen, page.logged], [TOKEN, QUERY, BODY, ...REST])
  await assertNothingLeft({ page, gateway: world.gateway })
})

test('a server that the page may not read: blocked for its origin, it is unreachable, and no more is told', async () => {
  const other = await startGateway(world.api.url)
  try {
    // It allows the request, and not its answer; without a token there is no question before.
    for (const token of [TOKEN, undefined]) {
      other.script = (_request, response) => (response.end(BODY), true)
      const page = await world.newPage()
      const seen = await page.evaluate(
        async ([baseUrl, token, labelSelector]) => {
          const watch = client({ baseUrl, getToken: () => token }).watchTable({ ...PODS, labelSelector })
          const statuses = recordStatus(watch)
          const { code } = await until('the failure', () => watch.status.error)
          await probe.sleep(100)
          const synced = outcome(watch.synced)
          watch.close()
          return { statuses, code, synced: await synced }
        },
        [other.url, token, `a!=${QUERY}`],
      )
      assert.ok(other.requests.length > 0, 'nothing was asked')
      assert.ok(page.logged.some(ofTheBrowser), `the browser blocked nothing: ${page.logged}`)
      assert.equal(seen.code, 'unreachable')
      assertSilent(
        [seen, page.logged.filter((entry) => !ofTheBrowser(entry))],
        [TOKEN, QUERY, BODY, ...REST, other.url.slice('http://'.length)],
      )
      other.reset()
    }
  } finally {
    await other.close()
  }
})

test('the death of an instance tells where, and nothing of what was in it', async () => {
  const page = await world.newPage()
  const seen = await page.evaluate(
    async ([token, query, body]) => {
      const server = new Server(Server.rows(3, { value: body }))
      const api = client({ fetch: server.fetch, getToken: () => token })
      const watch = api.watchTable({ ...PODS, labelSelector: `a!=${query}` })
      const statuses = recordStatus(watch)
      const view = watch.view({ filter: { text: body } })
      view.setWindow(0, 10)
      await until('rows', () => view.getSnapshot().count === 3)
      const mend = panicInStream(watch)
      const search = outcome(view.indexOf(body))
      server.last.write(tableEvent('MODIFIED', { name: 'row-0', value: body, version: 3 }))
      await until('the death', () => watch.status.error)
      mend()
      statuses.push(JSON.stringify(watch.status))
      const { code } = watch.status.error
      api.close()
      return { code, statuses, search: await search, uncaught: probe.uncaught }
    },
    [TOKEN, QUERY, BODY],
  )
  assert.equal(seen.code, 'core-crashed')
  assert.equal(seen.search.code, 'core-crashed')
  assertSilent([seen, page.logged], [TOKEN, QUERY, BODY, ...REST])
  assert.deepEqual([seen.uncaught, page.logged], [[], []])
  await assertNothingLeft({ page, gateway: world.gateway })
})

/** What a caller does wrong or ends: `run` returns what it got; `code`: of the error. */
const CALLS = {
  'several namespaces': {
    code: 'unsupported',
    run: (_api, marker) =>
      outcome(Promise.resolve().then(() => _api.watchTable({ ...PODS, namespaces: [marker, 'b'] }))),
  },
  'a selector of a view that is none': {
    code: 'invalid-view',
    run: async (api, marker) => {
      const view = api.watchTable(PODS).view({ filter: { labelSelector: `${marker} in (` } })
      return until('the refusal', () => view.getSnapshot().error)
    },
  },
  'the end by a signal': {
    code: 'closed',
    run: async (api, marker) => {
      const abort = new AbortController()
      const { synced } = api.watchTable(PODS, { signal: abort.signal })
      abort.abort(new Error(marker))
      return outcome(synced)
    },
  },
  'a signal that was aborted': {
    code: 'closed',
    run: (api, marker) => outcome(api.watchTable(PODS, { signal: AbortSignal.abort(new Error(marker)) }).synced),
  },
  'a search in a closed view': {
    code: 'closed',
    run: (api, marker) => {
      const view = api.watchTable(PODS).view()
      api.close()
      return outcome(view.indexOf(marker))
    },
  },
  'a module that is not there': {
    code: 'wasm-not-found',
    run: (_api, marker) => outcome(client({ wasm: `/nothing.wasm?${marker}` }).watchTable(PODS).synced),
  },
  'a module that cannot be reached': {
    code: 'wasm-unreachable',
    run: (_api, marker) => outcome(client({ wasm: `data:${marker}` }).watchTable(PODS).synced),
  },
  'a module that is a page': {
    code: 'wasm-not-wasm',
    run: (_api, marker) => outcome(client({ wasm: new Response(marker) }).watchTable(PODS).synced),
  },
  'a module that is broken': {
    code: 'wasm-invalid',
    run: (_api, marker) => outcome(client({ wasm: new TextEncoder().encode(marker) }).watchTable(PODS).synced),
  },
  'a policy that forbids it': {
    code: 'csp',
    run: (_api, marker) => {
      WebAssembly.compile = () => Promise.reject(new Error(`blocked by CSP: ${marker}`))
      return outcome(client({ wasm: new Uint8Array(8) }).watchTable(PODS).synced)
    },
  },
  'an engine that cannot': {
    code: 'unsupported-engine',
    run: () => {
      WebAssembly.validate = () => false
      return outcome(client({ wasm: new Uint8Array(8) }).watchTable(PODS).synced)
    },
  },
}

test('what a caller does wrong, or ends, is answered without what the caller said', async () => {
  const page = await world.newPage()
  for (const [what, { code, run }] of Object.entries(CALLS)) {
    const seen = await page.evaluate(`(async () => {
      const api = client({ getToken: () => '${TOKEN}' })
      const result = await (${run})(api, '${TOKEN}')
      api.close()
      return { code: result.code, result }
    })()`)
    assert.equal(seen.code, code, `${what}: ${JSON.stringify(seen)}`)
    assertSilent(seen, [TOKEN, ...REST])
  }
  await page.evaluate(async () => {
    // The last status is told with a frame.
    await probe.frame()
    await probe.frame()
  })
  assert.deepEqual(
    page.logged.filter((entry) => !ofTheBrowser(entry)),
    [],
  )
  await assertNothingLeft({ page, gateway: world.gateway })
})

test('errors of the caller stay with the caller: what its functions throw is shown nowhere', async () => {
  const page = await world.newPage()
  for (const options of [
    `{ getToken: () => { throw new Error('${TOKEN}') } }`,
    `{ getToken: () => Promise.reject(new Error('${TOKEN}')) }`,
    `{ headers: () => { throw new Error('${TOKEN}') } }`,
    `{ fetch: () => Promise.reject(new TypeError('${TOKEN}')) }`,
    `{ fetch: () => Promise.resolve('${TOKEN}') }`,
    `{ baseUrl: () => { throw new Error('${TOKEN}') } }`,
    `{ baseUrl: 'http://${TOKEN}:no-port/' }`,
    `{ getToken: () => '${TOKEN}\\nx' }`,
    `{ headers: { 'not a name': '${TOKEN}' } }`,
  ]) {
    const seen = await page.evaluate(`(async () => {
      const watch = client(${options}).watchTable(PODS)
      const statuses = recordStatus(watch)
      await until('the failure', () => watch.status.error)
      statuses.push(JSON.stringify(watch.status))
      const synced = outcome(watch.synced)
      watch.close()
      return [...statuses, JSON.stringify(await synced), ...probe.uncaught]
    })()`)
    assertSilent([seen, page.logged], [TOKEN])
    await assertNothingLeft({ page, gateway: world.gateway })
  }
})
