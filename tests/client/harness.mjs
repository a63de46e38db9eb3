/**
 * What the tests of this folder stand on: fake-apiserver with a page that has the built package, a gateway before it, and Chromium.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test as nodeTest } from 'node:test'
import { chromium } from 'playwright-core'

import { buildFakeServer, spawnFakeServer } from '../../scripts/lib/fake-server.mjs'
import { headlessChromium, tool } from '../../scripts/tools.mjs'
import { slowDown } from '../common/slow.mjs'
import { startGateway } from './gateway.mjs'

const root = join(import.meta.dirname, '..', '..')

/** A test that ends: a promise that never settles is a finding, not a suite that hangs. */
export const test = (name, run, { timeout = 180_000 } = {}) => nodeTest(name, { timeout }, run)

/** What Chromium is started with: it is to talk to nobody but the test's server. */
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--js-flags=--expose-gc']

/** `program`: the browser as people have it, unless another is given. */
export const launchOptions = async (program = tool('chromium')) => ({ executablePath: await program, args: ARGS })

/**
 * A browser as a person has it: Playwright's own launch makes every page believe that it is in front. In this one a page behind
 * another is hidden and has no frames. Resolves to `{ context, close }`.
 */
export async function launchAsUser() {
  const profile = await mkdtemp(join(tmpdir(), 'kube-watchlist-profile-'))
  const { executablePath, args } = await launchOptions()
  const argv = [
    '--headless',
    ...args,
    '--no-first-run',
    '--remote-debugging-port=0',
    `--user-data-dir=${profile}`,
    'about:blank',
  ]
  const child = spawn(executablePath, argv, { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const address = await new Promise((resolve, reject) => {
    let said = ''
    child.stderr.on('data', (bytes) => {
      said += bytes
      const found = /ws:\/\/\S+/.exec(said)
      if (found) resolve(found[0])
    })
    ended.then((code) => reject(new Error(`Chromium ended with ${code}: ${said}`)))
  })
  const browser = await chromium.connectOverCDP(address, { noDefaults: true })
  return {
    context: browser.contexts()[0],
    async close() {
      const session = await browser.newBrowserCDPSession()
      // Chromium hangs up before it answers.
      await session.send('Browser.close').catch(() => undefined)
      await ended
      await rm(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

const EMPTY = 'about:blank'

/** A folder that fake-apiserver serves: the page, and the package as it was built. */
async function assembleSite() {
  const folder = await mkdtemp(join(tmpdir(), 'kube-watchlist-client-'))
  await cp(join(import.meta.dirname, 'page'), folder, { recursive: true })
  await cp(join(import.meta.dirname, 'events.mjs'), join(folder, 'events.mjs'))
  await cp(join(root, 'dist'), join(folder, 'kube-watchlist'), { recursive: true })
  return folder
}

/** Starts fake-apiserver, with the page, and the gateway. `settings`: of fake-apiserver, by option name. */
export async function startServer(settings = {}) {
  const site = await assembleSite()
  const api = await spawnFakeServer(await buildFakeServer(), { www: site, ...settings })
  const gateway = await startGateway(api.url)
  return {
    api,
    gateway,
    /** A control of the server, for example `control('POST', 'churn', { perSecond: 5 })`. */
    async control(method, path, body) {
      const response = await fetch(`${api.url}/_fake/${path}`, {
        method,
        body: body === undefined ? undefined : JSON.stringify(body),
      })
      const text = await response.text()
      assert.equal(response.status, 200, `${method} /_fake/${path}: ${text}`)
      return JSON.parse(text)
    },
    async close() {
      await gateway.close()
      await api.stop()
      await rm(site, { recursive: true, force: true })
    },
  }
}

/** Opens the page and waits until the package is there. What it logs and what it does not catch is kept. */
export async function openPage(context, url) {
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  await slowDown(page)
  page.on('console', (message) => page.logged.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => page.logged.push(`pageerror: ${error.stack ?? error}`))
  return loadPage(page, url)
}

async function loadPage(page, url) {
  page.logged = []
  await page.goto(`${url}/index.html`)
  await page.waitForFunction(() => document.title === 'ready')
  return page
}

/**
 * A server and a browser for all tests of a file: `const world = useWorld()`, then `await world.newPage()`, `world.gateway`,
 * `world.control`. After each test its pages are closed, its faults removed and its script forgotten. But for the first page, which
 * is emptied: a document is as new as a page is, and a process for each takes longer than most tests.
 */
export function useWorld({ settings = {} } = {}) {
  const world = {}
  before(async () => {
    Object.assign(world, await startServer(settings))
    world.browser = await chromium.launch(await launchOptions(headlessChromium()))
    let first
    world.newPage = async () => {
      const isFree = first && !first.isClosed() && first.url() === EMPTY
      if (isFree) return loadPage(first, world.gateway.url)
      const page = await openPage(await world.browser.newContext(), world.gateway.url)
      if (!first || first.isClosed()) first = page
      return page
    }
    world.closePages = async () => {
      for (const context of world.browser.contexts()) if (context !== first?.context()) await context.close()
      if (first && !first.isClosed()) await first.goto(EMPTY)
    }
  })
  after(async () => {
    await world.browser?.close()
    await world.close?.()
  })
  afterEach(async () => {
    await world.closePages()
    await until('the end of all requests', () => world.gateway.open() === 0)
    world.gateway.reset()
    await world.control('DELETE', 'faults')
  })
  return world
}

/** Waits until `holds()` is true and returns what it said. */
export async function until(what, holds, milliseconds = 20_000) {
  const end = performance.now() + milliseconds
  for (;;) {
    const value = await holds()
    if (value) return value
    if (performance.now() > end) assert.fail(`never: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** For how long Chromium may go on reading, unasked, an answer that was given up before its body was (5 s), and a margin. */
const DRAINED = 20_000

/** Nothing is left of a page's watches: no request at the server, no timer in the page, nothing uncaught. */
export async function assertNothingLeft({ page, gateway }) {
  await until(
    `no request is open (${gateway.requests.filter((entry) => entry.open).map((entry) => entry.url)})`,
    () => gateway.open() === 0,
    DRAINED,
  )
  const { timers, uncaught } = await page.evaluate(() => ({ timers: probe.timers(), uncaught: probe.uncaught }))
  assert.deepEqual(timers, [], 'a timer is alive')
  assert.deepEqual(uncaught, [], 'something was not caught')
}
