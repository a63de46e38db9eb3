/** What is asked of the server, and how: every parameter and header of the protocol, and nothing else. */
import assert from 'node:assert/strict'

import { endBookmark, refusal, tableEvent } from './events.mjs'
import { assertNothingLeft, test, until, useWorld } from './harness.mjs'

const world = useWorld({ settings: { pods: 1200 } })

const ACCEPT = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'
const TOKEN = 'token-that-is-in-no-address'

/** Opens pods through a `fetch` that notes what it is given, and waits until they are live. */
async function open(page, options = '{}', request = '{}') {
  await page.evaluate(`(async () => {
    window.sent = []
    const noting = (url, init) => {
      sent.push({
        url: String(url),
        init: Object.keys(init).sort(),
        method: init.method,
        cache: init.cache,
        redirect: init.redirect,
        credentials: init.credentials,
        signal: init.signal instanceof AbortSignal,
        headers: Object.fromEntries(new Headers(init.headers)),
      })
      return fetch(url, init)
    }
    window.asked = []
    window.watch = client({ fetch: noting, getToken: () => '${TOKEN}', ...(${options}) }).watchTable({ ...PODS, ...(${request}) })
    await watch.synced
    await until('live', () => watch.status.phase === 'live')
  })()`)
}

const finish = async (page) => {
  await page.evaluate(() => watch.close())
  await assertNothingLeft({ page, gateway: world.gateway })
}

const seconds = (query) => Number(query.timeoutSeconds)

test('a streaming list has exactly the parameters and headers of the protocol', async () => {
  const page = await world.newPage()
  await open(
    page,
    '{}',
    `{ namespaces: ['shop'], labelSelector: 'app in (web, api)', fieldSelector: 'status.phase!=Failed' }`,
  )
  const [entry, ...more] = world.gateway.requests
  assert.equal(more.length, 0)
  assert.equal(entry.method, 'GET')
  assert.equal(entry.path, '/api/v1/namespaces/shop/pods')
  const { timeoutSeconds, ...query } = entry.query
  assert.deepEqual(query, {
    watch: 'true',
    sendInitialEvents: 'true',
    resourceVersionMatch: 'NotOlderThan',
    allowWatchBookmarks: 'true',
    labelSelector: 'app in (web, api)',
    fieldSelector: 'status.phase!=Failed',
  })
  assert.match(timeoutSeconds, /^\d+$/)
  assert.equal(entry.headers.accept, ACCEPT)
  assert.equal(entry.headers.range, 'bytes=0-')
  assert.equal(entry.headers['accept-encoding'], 'identity', 'what Range makes of it')
  assert.equal(entry.headers.authorization, `Bearer ${TOKEN}`)
  assert.equal(entry.headers.cookie, undefined)
  for (const name of Object.keys(entry.headers)) {
    assert.match(
      name,
      /^(host|connection|user-agent|accept|accept-encoding|accept-language|authorization|range|cache-control|pragma|referer|sec-.*)$/,
    )
  }
  // The server that it was forwarded to saw the same.
  const logged = (await world.control('GET', 'requests')).at(-1)
  assert.equal(logged.query, entry.url.split('?')[1])
  assert.equal(new Map(logged.headers).get('range'), 'bytes=0-')
  await finish(page)
})

test('timeoutSeconds lies between 240 and 300 and is not always the same', async () => {
  const page = await world.newPage()
  await page.evaluate(async () => {
    const api = client()
    const watches = Array.from({ length: 5 }, () => api.watchTable(PODS))
    await Promise.all(watches.map((watch) => watch.synced))
    api.close()
  })
  const values = world.gateway.requests.map(({ query }) => seconds(query))
  assert.equal(values.length, 5)
  for (const value of values) assert.ok(value >= 240 && value <= 300, `${value}`)
  assert.ok(new Set(values).size > 1, `${values}`)
  await assertNothingLeft({ page, gateway: world.gateway })
})

test('LIST, WATCH and probe: Range on every watch and on nothing else, in every way of the ladder', async () => {
  await world.control('POST', 'profile', { profile: '1.31' })
  try {
    const page = await world.newPage()
    await open(
      page,
      `{ headers: (request) => { asked.push(request); return { Range: 'bytes=5-9', Accept: 'text/html' } } }`,
    )
    // An unclean end: a probe has to say whether the server still knows the version, and a WATCH resumes.
    await until('the watch', () => world.gateway.requests.some((entry) => entry.open && entry.query.watch === 'true'))
    await world.control('POST', 'profile', { profile: '1.31' })
    await until(
      'a resumed watch',
      () => kinds(world.gateway.requests).filter((kind) => kind === 'watch').length >= 2,
      20_000,
    )
    await page.evaluate(() => until('live again', () => watch.status.phase === 'live'))
    const sent = await page.evaluate(() => sent)
    const asked = await page.evaluate(() => asked)
    const { requests } = world.gateway
    const found = new Set(kinds(requests))
    assert.deepEqual([...found].sort(), ['list', 'probe', 'watch', 'watchlist'])
    assert.equal(requests.filter((entry) => kindOf(entry) === 'list').length, 3, '1,200 pods in pages of 500')
    assert.deepEqual(asked.map(({ kind }) => kind).sort(), kinds(requests).sort())
    for (const { path } of asked) assert.equal(path, '/api/v1/pods')
    for (const entry of requests) {
      const kind = kindOf(entry)
      const isWatch = entry.query.watch === 'true'
      assert.equal(entry.headers.range, isWatch ? 'bytes=0-' : undefined, kind)
      assert.equal(entry.headers.accept, ACCEPT, kind)
      assert.equal(entry.headers.authorization, `Bearer ${TOKEN}`, kind)
      assert.ok(!entry.url.includes(TOKEN), kind)
      assert.equal(isWatch && kind !== 'probe', 'timeoutSeconds' in entry.query && kind !== 'probe', kind)
      if (isWatch && kind !== 'probe') assert.ok(seconds(entry.query) >= 240 && seconds(entry.query) <= 300, kind)
      if (kind === 'list')
        assert.deepEqual(
          Object.keys(entry.query).filter((name) => name !== 'continue'),
          ['limit'],
        )
      if (kind === 'list') assert.equal(entry.query.limit, '500')
      if (kind === 'watch') {
        assert.deepEqual(Object.keys(entry.query).sort(), [
          'allowWatchBookmarks',
          'resourceVersion',
          'timeoutSeconds',
          'watch',
        ])
        assert.match(entry.query.resourceVersion, /^\d+$/)
      }
    }
    assert.equal(sent.length, requests.length)
    for (const request of sent) {
      assert.equal(request.method, 'GET')
      assert.equal(request.cache, 'no-store')
      assert.equal(request.redirect, 'manual')
      assert.equal(request.signal, true)
      assert.ok(!request.url.includes(TOKEN))
    }
    await finish(page)
  } finally {
    await world.control('POST', 'profile', { profile: '1.37' })
  }
})

test("the caller's headers go along, and cannot override the protocol's", async () => {
  const page = await world.newPage()
  await open(
    page,
    `{ headers: async () => ({ Accept: 'text/html', RANGE: 'bytes=5-9', 'accept-encoding': 'gzip', 'X-Tenant': 'blue', Authorization: 'Basic abc' }) }`,
  )
  const [{ headers }] = world.gateway.requests
  assert.equal(headers.accept, ACCEPT)
  assert.equal(headers.range, 'bytes=0-')
  assert.equal(headers['accept-encoding'], 'identity')
  assert.equal(headers['x-tenant'], 'blue')
  assert.equal(headers.authorization, `Bearer ${TOKEN}`, 'getToken is more than a header')
  await finish(page)
})

test('headers as an object, and as Headers', async () => {
  for (const given of [
    `{ 'X-Tenant': 'blue', Range: 'x' }`,
    `new Headers({ 'X-Tenant': 'blue', Range: 'x' })`,
    `[['X-Tenant', 'blue'], ['Range', 'x']]`,
  ]) {
    const page = await world.newPage()
    await open(page, `{ headers: ${given}, getToken: undefined }`)
    const { headers } = world.gateway.requests.at(-1)
    assert.equal(headers['x-tenant'], 'blue')
    assert.equal(headers.range, 'bytes=0-')
    assert.equal(headers.authorization, undefined)
    await finish(page)
  }
})

test('credentials are passed on, and left to the browser where nothing is said', async () => {
  for (const [given, seen] of [
    ['{}', undefined],
    [`{ credentials: 'include' }`, 'include'],
    [`{ credentials: 'omit' }`, 'omit'],
    [`{ credentials: 'same-origin' }`, 'same-origin'],
  ]) {
    const page = await world.newPage()
    await open(page, given)
    const [{ credentials }] = await page.evaluate(() => sent)
    assert.equal(credentials, seen, given)
    await finish(page)
  }
})

test('credentials decide over cookies', async () => {
  const page = await world.newPage()
  await page.evaluate(() => {
    document.cookie = 'session=cookie-value'
  })
  await open(page, `{ credentials: 'omit' }`)
  assert.equal(world.gateway.requests.at(-1).headers.cookie, undefined)
  await finish(page)
  await open(page, `{ credentials: 'include' }`)
  assert.equal(world.gateway.requests.at(-1).headers.cookie, 'session=cookie-value')
  await finish(page)
})

test('a redirect is not followed: it is a sign-in, and nothing is asked of where it points', async () => {
  world.gateway.script = (request, response) => {
    if (!request.url.startsWith('/api/v1/pods')) return false
    response.writeHead(302, { location: '/api/v1/secrets' })
    response.end()
    return true
  }
  const page = await world.newPage()
  const status = await page.evaluate(async () => {
    window.watch = client().watchTable(PODS)
    await until('auth', () => watch.status.phase === 'auth')
    return watch.status
  })
  assert.equal(status.error.code, 'redirected')
  assert.deepEqual(
    world.gateway.requests.map(({ path }) => path),
    ['/api/v1/pods'],
  )
  await finish(page)
})

test('a base address with a path, with slashes at its end, and as a function', async () => {
  world.gateway.script = (_request, response, entry) => (
    entry.path.startsWith('/api/k8s/'), refusal(response, 404, 'NotFound', 'no'), true
  )
  for (const base of [
    `'/api/k8s'`,
    `'/api/k8s/'`,
    `() => '/api/k8s///'`,
    `new URL('/api/k8s/', location).href`,
    `'api/k8s'`,
  ]) {
    const page = await world.newPage()
    await page.evaluate(`(async () => {
      window.watch = client({ baseUrl: ${base} }).watchTable(PODS)
      await until('the answer', () => watch.status.phase === 'failed')
    })()`)
    assert.equal(world.gateway.requests.at(-1).path, '/api/k8s/api/v1/pods', base)
    await finish(page)
  }
})

test('a streaming list that says it is compressed is refused at once: LIST and WATCH', async () => {
  const page = await world.newPage()
  // Made in the page: over the network Chromium itself fails what is in an encoding that Range kept it from offering.
  await page.evaluate(
    (events) => {
      window.refused = []
      const body = new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode(events)) })
      window.compressing = async (url, init) => {
        if (!String(url).includes('sendInitialEvents')) return fetch(url, init)
        refused.push(init.signal)
        return new Response(body, { headers: { 'content-type': 'application/json', 'Content-Encoding': 'gzip' } })
      }
    },
    tableEvent('ADDED', { name: 'a', first: true }) + endBookmark(5),
  )
  await open(page, '{ fetch: compressing }')
  const status = await page.evaluate(() => watch.status)
  assert.deepEqual([status.fallbackReason.code, status.mode], ['compressed', 'list+watch'])
  // Its body was whole: only the head says that it must not be believed.
  assert.deepEqual(await page.evaluate(() => refused.map(({ aborted }) => aborted)), [true])
  const { requests } = world.gateway
  assert.equal(kindOf(requests[0]), 'list')
  // It was not Range that was refused.
  for (const entry of requests) assert.equal(entry.headers.range, entry.query.watch === 'true' ? 'bytes=0-' : undefined)
  await finish(page)
})

for (const [what, status, headers] of [
  ['a 206 that is a part', 206, { 'content-range': 'bytes 0-99/1000' }],
  ['a 206 that does not say of what', 206, {}],
  ['a 416', 416, { 'content-range': 'bytes */0' }],
]) {
  test(`${what}: LIST and WATCH, and no Range ever after`, async () => {
    world.gateway.script = (_request, response, entry) => {
      if (entry.headers.range === undefined) return false
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(status === 206 ? tableEvent('ADDED', { name: 'a', first: true }).slice(0, 100) : '')
      return true
    }
    const page = await world.newPage()
    await open(page)
    const { fallbackReason, mode } = await page.evaluate(() => watch.status)
    assert.deepEqual([fallbackReason.code, fallbackReason.httpStatus, mode], ['range-refused', status, 'list+watch'])
    const { requests } = world.gateway
    // A broken connection: the WATCH that resumes is without it too.
    const beside = await until('the watch', () => requests.find((entry) => entry.open && kindOf(entry) === 'watch'))
    beside.cut()
    await until('another watch', () => kinds(requests).filter((kind) => kind === 'watch').length === 2, 20_000)
    await page.evaluate(() => until('live again', () => watch.status.phase === 'live'))
    assert.deepEqual(
      requests.map(({ headers }) => headers.range),
      ['bytes=0-', ...requests.slice(1).map(() => undefined)],
    )
    await finish(page)
  })
}

test('a 206 that is the whole is as good as a 200', async () => {
  const events = tableEvent('ADDED', { name: 'a', value: 'of all', first: true }) + endBookmark(5)
  world.gateway.script = (_request, response) => {
    response.writeHead(206, { 'content-type': 'application/json', 'content-range': 'bytes 0-99999/100000' })
    response.write(events)
    return true
  }
  const page = await world.newPage()
  await open(page)
  const [status, rows] = await page.evaluate(async () => {
    const view = watch.view()
    view.setWindow(0, 10)
    await until('a row', () => view.getSnapshot().rows[0])
    return [watch.status, view.getSnapshot().rows.map(({ cells }) => cells)]
  })
  assert.equal(status.mode, 'watchlist')
  assert.equal(status.fallbackReason, undefined)
  assert.deepEqual(rows, [['a', 'of all']])
  assert.deepEqual(kinds(world.gateway.requests), ['watchlist'])
  await finish(page)
})

function kindOf({ query }) {
  if (query.fieldSelector?.includes('NO-SUCH')) return 'probe'
  if (query.sendInitialEvents === 'true') return 'watchlist'
  return query.watch === 'true' ? 'watch' : 'list'
}

function kinds(requests) {
  return requests.map(kindOf)
}
