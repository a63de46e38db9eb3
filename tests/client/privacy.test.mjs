/**
 * What must not get out: a Secret's value and a token stay out of the browser's profile, and a token, a query and a body stay out of
 * every status, error and message, whatever fails.
 */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { chromium } from 'playwright-core'

import { endBookmark, refusal, stream, tableEvent } from './events.mjs'
import { assertNothingLeft, launchOptions, openPage, test, useWorld } from './harness.mjs'

const world = useWorld({ settings: { pods: 20 } })

/** The names of the files below `folder` that hold one of `texts`, in one of the spellings in which Chromium writes text. */
async function findIn(folder, texts) {
  const found = new Map(texts.map((text) => [text, []]))
  let files = 0
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const bytes = await readFile(path)
    files += 1
    for (const text of texts) {
      if ([Buffer.from(text), Buffer.from(text, 'utf16le')].some((spelling) => bytes.includes(spelling)))
        found.get(text).push(path)
    }
  }
  return { files, found: Object.fromEntries(found) }
}

const secret = (name, value, labels = {}) => ({
  op: 'create',
  resource: 'secrets',
  namespace: 'private',
  name,
  object: { metadata: { labels }, data: { password: Buffer.from(value).toString('base64') }, type: 'Opaque' },
})

test('nothing of a Secret and nothing of a token is in the profile of the browser after a session', async () => {
  // By name: `kept` are fetched as any page would fetch them, to show that the search can find; `hidden` by the package.
  const texts = {
    hiddenValue: 'Hk3-value-that-the-package-watched',
    hiddenLabel: 'hk3-label-that-the-package-watched',
    hiddenToken: 'Hk3-token-that-the-package-sent',
    keptValue: 'Kv7-value-that-a-plain-fetch-got',
    keptQuery: 'Kv7-text-in-the-query-of-a-plain-fetch',
  }
  const encoded = (value) => Buffer.from(value).toString('base64').replace(/=+$/, '')
  await world.control('POST', 'mutate', secret('hidden', texts.hiddenValue, { canary: texts.hiddenLabel }))
  await world.control('POST', 'mutate', { ...secret('kept', texts.keptValue), namespace: 'public' })

  const profile = await mkdtemp(join(tmpdir(), 'kube-watchlist-profile-'))
  try {
    const context = await chromium.launchPersistentContext(profile, await launchOptions())
    const page = await openPage(context, world.gateway.url)
    // The three ways on which rows come: a streaming list of Tables, one of whole objects, LIST and WATCH.
    const formats = []
    for (const version of ['1.37', '1.32', '1.31']) {
      await world.control('POST', 'profile', { profile: version })
      const seen = await page.evaluate(async (token) => {
        const watch = client({ getToken: () => token }).watchTable({ ...SECRETS, namespaces: ['private'] })
        const view = watch.view({ columns: 'wide' })
        view.setWindow(0, 10)
        await watch.synced
        const { rows } = await until('the row', () => view.getSnapshot().rows.length > 0 && view.getSnapshot())
        const { mode, format } = watch.status
        watch.close()
        return { mode, format, labels: rows[0].meta.labels }
      }, texts.hiddenToken)
      assert.equal(seen.labels.canary, texts.hiddenLabel)
      formats.push(`${seen.mode} ${seen.format}`)
    }
    assert.deepEqual(formats, ['watchlist table', 'watchlist object', 'list+watch table'])
    assert.ok(world.gateway.requests.some((entry) => entry.headers.authorization === `Bearer ${texts.hiddenToken}`))
    await page.evaluate(async (query) => {
      await (await fetch('/api/v1/namespaces/public/secrets')).text()
      await (await fetch(`/api/v1/namespaces/public/secrets?labelSelector=x!=${query}`)).text()
    }, texts.keptQuery)
    await assertNothingLeft({ page, gateway: world.gateway })
    await context.close()

    const { hiddenValue, hiddenLabel, hiddenToken, keptValue, keptQuery } = texts
    const { files, found } = await findIn(profile, [
      hiddenValue,
      encoded(hiddenValue),
      hiddenLabel,
      hiddenToken,
      encoded(keptValue),
      keptQuery,
    ])
    assert.ok(files > 20, `the profile has ${files} files`)
    for (const text of [encoded(keptValue), keptQuery])
      assert.ok(found[text].length > 0, `this search would not find ${text}`)
    for (const text of [hiddenValue, encoded(hiddenValue), hiddenLabel, hiddenToken])
      assert.deepEqual(found[text], [], text)
  } finally {
    await world.control('POST', 'profile', { profile: '1.37' })
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
})

const TOKEN = 'Tk9-token'
const QUERY = 'qy9-query'
const BODY = 'Bd9-body'
const SAID = 'the very words of the server'

/** A `Status` with a marker wherever the server's message is not. */
const status = (response, code, reason, more = {}) =>
  refusal(response, code, reason, SAID, { metadata: { selfLink: BODY, [BODY]: BODY }, [BODY]: BODY, ...more })

const send = (response, code, type, body, headers = {}) => {
  response.writeHead(code, { 'content-type': type, ...headers })
  response.end(body)
}

const JUNK = `{"type":"ADDED","object":{"kind":"${BODY}", ${BODY}`

/** How each request fails; `said`: the server's own sentence is shown; `code`: of the error, where there is one. */
const FAILURES = {
  'a 401': { answer: (response) => status(response, 401, 'Unauthorized'), said: true },
  'a 403': {
    answer: (response) => status(response, 403, 'Forbidden', { details: { name: BODY, kind: 'pods' } }),
    said: true,
  },
  'a 403 of a proxy': { answer: (response) => send(response, 403, 'text/plain', BODY) },
  'a 404': { answer: (response) => status(response, 404, 'NotFound'), said: true },
  'a 404 of a proxy': { answer: (response) => send(response, 404, 'text/html', `<h1>${BODY}</h1>`) },
  'a 410': { answer: (response) => status(response, 410, 'Expired'), said: true },
  'a 410 in the stream': {
    answer: (response) =>
      stream(response).end(
        `${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', apiVersion: 'v1', metadata: { selfLink: BODY }, status: 'Failure', message: SAID, reason: 'Expired', code: 410 } })}\n`,
      ),
    said: true,
  },
  'a 416': { answer: (response) => send(response, 416, 'text/plain', BODY, { 'content-range': 'bytes */9' }) },
  'a 206 that is a part': {
    answer: (response) => send(response, 206, 'application/json', JUNK, { 'content-range': 'bytes 0-9/99' }),
  },
  'a 422': {
    answer: (response) =>
      status(response, 422, 'Invalid', {
        details: { causes: [{ field: 'sendInitialEvents', message: 'no', reason: 'FieldValueForbidden' }] },
      }),
    said: true,
  },
  'a 429': { answer: (response) => send(response, 429, 'text/plain', BODY, { 'retry-after': '1' }) },
  'a 500': { answer: (response) => status(response, 500, 'InternalError'), said: true },
  'a 500 of a proxy': { answer: (response) => send(response, 500, 'text/html', `<pre>${BODY}</pre>`) },
  'a 503 with JSON that is no Status': {
    answer: (response) => send(response, 503, 'application/json', JSON.stringify({ message: BODY, error: BODY })),
  },
  'a web page': { answer: (response) => send(response, 200, 'text/html', `<title>${BODY}</title>`) },
  'plain text': { answer: (response) => send(response, 200, 'text/plain', BODY) },
  'a redirect': { answer: (response) => send(response, 302, 'text/plain', BODY, { location: `/login?state=${BODY}` }) },
  'nobody there': { answer: (response) => response.destroy() },
  'a cut': {
    answer: (response) => {
      stream(response).write(tableEvent('ADDED', { name: BODY.toLowerCase(), value: BODY, first: true }) + JUNK)
      setTimeout(() => response.destroy(), 50)
    },
  },
  'an empty stream': { answer: (response) => stream(response).end() },
  gzip: {
    answer: (response) => {
      const bytes = gzipSync(tableEvent('ADDED', { name: 'a', value: BODY, first: true }) + endBookmark(2))
      stream(response, { 'content-encoding': 'gzip' }).end(bytes)
    },
  },
  'gzip that is none': { answer: (response) => stream(response, { 'content-encoding': 'gzip' }).end(JUNK) },
  brotli: { answer: (response) => stream(response, { 'content-encoding': 'br' }).end(brotliCompressSync(JUNK)) },
  'JSON that is none': { answer: (response) => stream(response).end(`${JUNK}\n${JUNK}}}}]\n${BODY}\n`) },
  'objects of an unknown kind': {
    answer: (response) =>
      stream(response).end(`${JSON.stringify({ type: BODY, object: { kind: BODY, [BODY]: BODY } })}\n`),
  },
  'rows without metadata': {
    answer: (response) =>
      stream(response).end(
        `${JSON.stringify({ type: 'ADDED', object: { kind: 'Table', columnDefinitions: [{ name: 'Name', type: 'string' }], rows: [{ cells: [BODY], object: null }] } })}\n`,
      ),
  },
  'bytes that are no UTF-8': {
    answer: (response) => stream(response).end(Buffer.concat([Buffer.from(JUNK), Buffer.from([0xff, 0xfe, 10])])),
  },
}

for (const [what, { answer, said = false }] of Object.entries(FAILURES)) {
  test(`${what} tells nothing of token, query or body`, async () => {
    world.gateway.script = (_request, response) => (answer(response), true)
    const page = await world.newPage()
    const seen = await page.evaluate(
      async ([token, query]) => {
        const api = client({ getToken: () => token, headers: () => ({ 'X-Private': token }) })
        const watch = api.watchTable({ ...PODS, labelSelector: `canary!=${query}` })
        const statuses = recordStatus(watch)
        const view = watch.view({ columns: 'wide' })
        view.setWindow(0, 10)
        // Errors as the page gets them, from everywhere where there are some.
        const errors = []
        watch.addEventListener('status', ({ detail }) => errors.push(describe(new Error('', { cause: detail.error }))))
        await until('the failure', () => watch.status.error || watch.status.fallbackReason)
        // And what comes of trying again.
        await probe.sleep(700)
        watch.retry()
        await probe.sleep(300)
        const { columns: _columns, rows: _rows, ...shown } = view.getSnapshot()
        const synced = outcome(watch.synced)
        watch.close()
        statuses.push(JSON.stringify(watch.status))
        return {
          statuses,
          errors: [...errors, await synced, await outcome(view.indexOf('x'))],
          shown,
          uncaught: probe.uncaught,
        }
      },
      [TOKEN, QUERY],
    )
    const everything = JSON.stringify([seen, page.logged])
    const asked = world.gateway.requests.filter(
      (entry) => entry.headers.authorization === `Bearer ${TOKEN}` && entry.query.labelSelector?.includes(QUERY),
    )
    assert.ok(asked.length > 0, 'the token and the query were not sent: this test shows nothing')
    assert.ok(asked.length <= 20, `${asked.length} requests in a second: it spins`)
    for (const marker of [
      TOKEN,
      QUERY,
      BODY,
      'labelSelector',
      '/api/v1/pods',
      'Bearer',
      world.gateway.url.slice('http://'.length),
    ]) {
      // A page that was loaded from somewhere names its own files in a stack; that is no request of ours.
      const text = marker.startsWith('127.') ? JSON.stringify([seen.statuses, seen.shown]) : everything
      assert.ok(
        !text.toLowerCase().includes(marker.toLowerCase()),
        `${marker} in ${text.slice(Math.max(0, text.toLowerCase().indexOf(marker.toLowerCase()) - 300)).slice(0, 600)}`,
      )
    }
    if (said) assert.ok(everything.includes(SAID), "the server's own sentence is what an operator needs")
    assert.deepEqual(
      page.logged.filter((line) => !line.startsWith('error: Failed to load resource:')),
      [],
      'we log nothing',
    )
    await assertNothingLeft({ page, gateway: world.gateway })
  })
}

test('errors of the caller stay with the caller: what its functions throw is shown nowhere', async () => {
  for (const options of [
    `{ getToken: () => { throw new Error('${TOKEN}') } }`,
    `{ getToken: () => Promise.reject(new Error('${TOKEN}')) }`,
    `{ headers: () => { throw new Error('${TOKEN}') } }`,
    `{ fetch: () => Promise.reject(new TypeError('${TOKEN}')) }`,
    `{ baseUrl: () => { throw new Error('${TOKEN}') } }`,
    `{ baseUrl: 'http://${TOKEN}:no-port/' }`,
    `{ getToken: () => '${TOKEN}\\nx' }`,
    `{ headers: { 'not a name': '${TOKEN}' } }`,
  ]) {
    const page = await world.newPage()
    const statuses = await page.evaluate(`(async () => {
      const watch = client(${options}).watchTable(PODS)
      const statuses = recordStatus(watch)
      await until('the failure', () => watch.status.error)
      statuses.push(JSON.stringify(watch.status))
      const synced = outcome(watch.synced)
      watch.close()
      return [...statuses, JSON.stringify(await synced), ...probe.uncaught]
    })()`)
    assert.ok(!JSON.stringify([statuses, page.logged]).includes(TOKEN), `${options}: ${statuses.at(-1)} ${page.logged}`)
    await assertNothingLeft({ page, gateway: world.gateway })
    await page.context().close()
  }
})
