/** A Secret's value and a token stay out of the browser's profile. (What failures say: `silence.test.mjs`.) */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

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
