/**
 * What the tests of this folder stand on: fake-apiserver with a page that has the built package, a gateway before it, and Debian's
 * Chromium.
 */
import assert from 'node:assert/strict'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before } from 'node:test'
import { chromium } from 'playwright-core'

import { tool } from '../../scripts/tools.mjs'
import { fakeApiserver } from '../browser/fake.mjs'
import { startGateway } from './gateway.mjs'

const root = join(import.meta.dirname, '..', '..')

/** What Chromium is started with: it is to talk to nobody but the test's server. */
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--js-flags=--expose-gc']

export const launchOptions = async (more = {}) => ({ executablePath: await tool('chromium'), args: ARGS, ...more })

/** A folder that fake-apiserver serves: the page, and the package as it was built. */
async function assembleSite() {
  const folder = await mkdtemp(join(tmpdir(), 'kube-watchlist-client-'))
  await cp(join(import.meta.dirname, 'page'), folder, { recursive: true })
  await cp(join(root, 'dist'), join(folder, 'kube-watchlist'), { recursive: true })
  return folder
}

/** Starts fake-apiserver, with the page, and the gateway. `argv`: flags of fake-apiserver. */
export async function startServer(argv = []) {
  const site = await assembleSite()
  const api = await fakeApiserver('--www', site, ...argv)
  const gateway = await startGateway(api.url)
  return {
    api,
    gateway,
    /** A control of the server, for example `control('POST', 'churn', { perSecond: 5 })`. */
    async control(method, path, body) {
      const response = await fetch(`${api.url}/_fake/${path}`, { method, body: body === undefined ? undefined : JSON.stringify(body) })
      const text = await response.text()
      assert.equal(response.status, 200, `${method} /_fake/${path}: ${text}`)
      return JSON.parse(text)
    },
    async close() {
      await gateway.close()
      await api.close()
      await rm(site, { recursive: true, force: true })
    },
  }
}

/** Opens the page and waits until the package is there. What it logs and what it does not catch is kept. */
export async function openPage(context, url) {
  const page = await context.newPage()
  page.logged = []
  page.on('console', (message) => page.logged.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => page.logged.push(`pageerror: ${error.stack ?? error}`))
  await page.goto(`${url}/index.html`)
  await page.waitForFunction(() => document.title === 'ready')
  return page
}

/**
 * A server and a browser for all tests of a file, and a fresh page for each of them: `const world = useWorld()`, then `world.page`,
 * `world.gateway`, `world.control`. After each test nothing may be left: no open request, no timer, nothing uncaught.
 */
export function useWorld({ argv = [] } = {}) {
  const world = {}
  before(async () => {
    Object.assign(world, await startServer(argv))
    world.browser = await chromium.launch(await launchOptions())
    world.newPage = async () => openPage(await world.browser.newContext(), world.gateway.url)
  })
  after(async () => {
    await world.browser?.close()
    await world.close?.()
  })
  afterEach(async () => {
    for (const context of world.browser.contexts()) await context.close()
    await until('the end of all requests', () => world.gateway.open() === 0)
    world.gateway.reset()
    await world.control('DELETE', 'faults')
  })
  return world
}

/** Waits until `holds()` is true and returns what it said. */
export async function until(what, holds, milliseconds = 10_000) {
  const end = performance.now() + milliseconds
  for (;;) {
    const value = await holds()
    if (value) return value
    if (performance.now() > end) assert.fail(`never: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Nothing is left of a page's watches: no request at the server, no timer in the page, nothing uncaught. */
export async function assertNothingLeft({ page, gateway }) {
  await until(`no request is open (${gateway.requests.filter((entry) => entry.open).map((entry) => entry.url)})`, () => gateway.open() === 0, 3_000)
  const { timers, uncaught } = await page.evaluate(() => ({ timers: probe.timers(), uncaught: probe.uncaught }))
  assert.deepEqual(timers, [], 'a timer is alive')
  assert.deepEqual(uncaught, [], 'something was not caught')
}
