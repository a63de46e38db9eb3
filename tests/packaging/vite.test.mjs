/** What is published works where it is installed: packed, installed into a fresh app, bundled, and driven in a browser. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

import { chromium } from 'playwright-core'

import { tool } from '../../scripts/tools.mjs'
import { recorded, serve } from './site.mjs'

const root = join(import.meta.dirname, '..', '..')
const work = realpathSync(mkdtempSync(join(tmpdir(), 'kube-watchlist-packaging-')))
const app = join(work, 'app')
let packed, browser

before(async () => {
  packed = JSON.parse(npm(root, 'pack', '--json', '--ignore-scripts', '--pack-destination', work))[0]
  cpSync(join(import.meta.dirname, 'vite-app'), app, { recursive: true })
  writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }))
  npm(app, 'install', '--no-audit', '--no-fund', join(work, packed.filename), 'vite@8')
  browser = await chromium.launch({
    executablePath: await tool('chromium'),
    args: ['--no-sandbox'],
  })
})

after(async () => {
  await browser?.close()
  rmSync(work, { recursive: true, force: true })
})

test('the tarball holds what its exports name, and nothing of the workshop', () => {
  const files = new Set(packed.files.map(({ path }) => path))
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const named = Object.values(exports).flatMap((entry) => (typeof entry === 'string' ? [entry] : Object.values(entry)))
  for (const path of named) assert.ok(files.has(path.slice(2)), `${path} is not in the tarball`)
  for (const path of files)
    assert.match(path, /^(dist\/[\w.-]+\.(js|d\.ts|wasm)|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/)
})

test('a fresh Vite app builds, ships one wasm, and shows rows', async () => {
  execFileSync(process.execPath, [join(app, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'warn'], {
    cwd: app,
    stdio: 'inherit',
  })
  const built = readdirSync(join(app, 'dist'), { recursive: true }).map(String)
  assert.equal(built.filter((name) => name.endsWith('.wasm')).length, 1, built.join('\n'))

  const site = await serve(join(app, 'dist'), recorded('1.37/pods-watchlist-table.http'))
  const page = await browser.newPage()
  const problems = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
  try {
    await page.goto(site.url)
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length >= 3, undefined, {
      timeout: 10_000,
    })
    assert.equal(await page.textContent('#phase'), 'live')
    const heads = await page.locator('th').allTextContents()
    assert.deepEqual(heads.slice(0, 5), ['Name', 'Ready', 'Status', 'Restarts', 'Age'])
    const names = await page.locator('tbody tr td:first-child').allTextContents()
    assert.deepEqual(names, [...names].sort())
    assert.deepEqual(problems, [])
    assert.equal(site.requests.filter(({ url }) => url.pathname.endsWith('.wasm')).length, 1)
    const watch = site.requests.find(({ url }) => url.pathname.startsWith('/k8s/'))
    assert.equal(watch.url.searchParams.get('sendInitialEvents'), 'true')
    assert.equal(watch.headers.range, 'bytes=0-')
  } finally {
    await page.close()
    await site.close()
  }
})

function npm(cwd, ...argv) {
  return execFileSync('npm', argv, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
}
