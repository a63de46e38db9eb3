/** What is published works where it is installed: in fresh apps, built by their own tools and driven in a browser. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { apps } from './apps.mjs'
import { build, open, startApi, useBrowser } from './lib/driver.mjs'
import { freshApp } from './lib/packed.mjs'

const world = useBrowser()
/** The first time the packages of an app are installed in its test. */
const LIMIT = { timeout: 300_000 }

describe('apps', { concurrency: 2 }, () => {
  for (const entry of apps) {
    it(`${entry.name}: rows, then live`, LIMIT, async (t) => {
      const app = await freshApp(entry.folder, entry.files)
      const modules = (await build(app, entry)).filter((path) => path.endsWith('.wasm'))
      if (entry.output !== undefined) assert.equal(modules.length, entry.wasm, `in the output: ${modules}`)

      const api = await startApi(t)
      const { page, site, problems } = await open(t, world.browser, app, api, entry)
      const text = (selector) => page.locator(selector).allTextContents()
      const shown = (name) => page.getByRole('cell', { name, exact: true }).waitFor({ timeout: 60_000 })
      const { rows, columns } = await api.control('GET', 'state?path=/api/v1/pods')
      const names = rows.map(({ name }) => name).sort()
      await shown(names.at(-1))
      assert.deepEqual(await text('tbody td:first-child'), names)
      assert.deepEqual(await text('th'), columns)
      await page.locator('#phase', { hasText: /^live$/ }).waitFor()

      await api.control('POST', 'mutate', { op: 'create', resource: 'pods', namespace: 'shop', name: 'born-live' })
      await shown('born-live')
      assert.deepEqual(await text('#phase'), ['live'])
      assert.deepEqual(problems, [])

      const asked = site.requests.filter(({ path }) => path.endsWith('.wasm')).length
      assert.equal(asked, entry.wasm ?? 1, 'requests for the module')
      const [watch, ...others] = site.requests.filter(({ path }) => path.startsWith('/k8s/'))
      assert.deepEqual(others, [], 'one stream brings snapshot and changes')
      assert.equal(watch.query.get('sendInitialEvents'), 'true')
      assert.equal(watch.headers.range, 'bytes=0-')
    })
  }
})
