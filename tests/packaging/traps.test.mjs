/** Where an app is not set up for the package, its page says which line to change. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { apps, STRICT } from './apps.mjs'
import { build, open, startApi, useBrowser } from './lib/driver.mjs'
import { freshApp } from './lib/packed.mjs'

const app = (wanted) => apps.find(({ name }) => name === wanted)
const page = app('a static page')

/** By what was forgotten: an app of the table with what is other, the code of the error and what its message names. */
const traps = {
  'Vite 7, dev, without optimizeDeps.exclude': {
    app: { ...app('Vite 7, dev'), files: { 'vite.config.js': 'export default {}' } },
    says: /^failed: wasm-not-wasm: .*optimizeDeps: \{ exclude: \['kube-watchlist'\] \}/,
  },
  'esbuild, not by ./inline': {
    app: { ...app('esbuild, inline'), files: { 'main.js': importing('kube-watchlist') } },
    says: /^failed: wasm-not-found: .*HTTP 404.*import 'kube-watchlist\/inline'/,
  },
  'Rollup, not by ./inline': {
    app: { ...app('Rollup, inline'), files: { 'main.js': importing('kube-watchlist') } },
    says: /^failed: wasm-not-found: .*HTTP 404.*import 'kube-watchlist\/inline'/,
  },
  'a server that answers with its page whatever it is asked': {
    app: { ...page, answer: { file: '/index.html', type: 'text/html' } },
    says: /^failed: wasm-not-wasm: .*type text\/html.*createClient\(\{ wasm \}\)/,
  },
  'a file that is damaged': {
    app: { ...page, files: { 'damaged.wasm': '\0asm\u0001\0\0\0 and no more' }, answer: { file: '/damaged.wasm' } },
    says: /^failed: wasm-invalid: .*damaged/,
  },
  "a policy without 'wasm-unsafe-eval'": {
    app: { ...page, headers: { 'content-security-policy': STRICT.replace(" 'wasm-unsafe-eval'", '') } },
    says: /^failed: csp: .*Add 'wasm-unsafe-eval' to its script-src/,
    // The browser's own word for it.
    logs: /Content Security Policy/,
  },
}

function importing(entry) {
  return `import { createClient } from '${entry}'\nimport { show } from './show.js'\n\nshow(createClient)\n`
}

/** What the page says of its status once it has failed. */
async function failure(t, world, entry) {
  const folder = await freshApp(entry.folder, entry.files)
  await build(folder, entry)
  const { page, site, problems } = await open(t, world.browser, folder, await startApi(t), entry)
  const phase = page.locator('#phase')
  await phase.filter({ hasText: /^failed/ }).waitFor({ timeout: 60_000 })
  const asked = site.requests.filter(({ path }) => path.startsWith('/k8s/'))
  assert.deepEqual(asked, [], 'no request before there is an instance')
  return { said: await phase.textContent(), problems }
}

describe('traps', () => {
  const world = useBrowser()
  for (const [name, { app, says, logs }] of Object.entries(traps)) {
    it(name, { timeout: 120_000 }, async (t) => {
      const { said, problems } = await failure(t, world, app)
      assert.match(said, says)
      assert.ok(
        problems.every((text) => logs?.test(text) || /404/.test(text)),
        problems.join('\n'),
      )
    })
  }

  it('a server that says another type than application/wasm is no trap', async (t) => {
    const entry = { ...page, answer: { type: 'application/octet-stream' } }
    const folder = await freshApp(entry.folder)
    const opened = await open(t, world.browser, folder, await startApi(t), entry)
    await opened.page.locator('#phase', { hasText: /^live$/ }).waitFor({ timeout: 60_000 })
  })
})

describe('an engine without vectors', () => {
  const world = useBrowser('--js-flags=--no-enable-sse4-1 --no-enable-ssse3')
  it('is named, with those that have them', { timeout: 60_000 }, async (t) => {
    const { said } = await failure(t, world, page)
    assert.match(said, /^failed: unsupported-engine: .*128-bit SIMD.*Safari 16\.4/)
  })
})
