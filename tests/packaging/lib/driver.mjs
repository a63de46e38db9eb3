/** Builds an app, serves it before a fake API server of its own, and opens its page in Chromium. */
import { existsSync, readdirSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, before } from 'node:test'
import { chromium } from 'playwright-core'

import { buildFakeServer, spawnFakeServer } from '../../../scripts/lib/fake-server.mjs'
import { run } from '../../../scripts/lib/run.mjs'
import { launchOptions } from '../../client/harness.mjs'
import { freshApp } from './packed.mjs'
import { quiet, serve, start } from './site.mjs'

/** A browser for all tests of a group. `flags`: further ones of Chromium. */
export function useBrowser(...flags) {
  const world = {}
  before(async () => {
    const { args, ...options } = await launchOptions()
    world.browser = await chromium.launch({ ...options, args: [...args, ...flags] })
  })
  after(() => world.browser?.close())
  return world
}

/** A fake API server that ends with the test: `{ url, control }`. */
export async function startApi(t) {
  const api = await spawnFakeServer(await buildFakeServer(), { pods: 20 })
  t.after(() => api.stop())
  return {
    url: api.url,
    async control(method, path, body) {
      const response = await fetch(`${api.url}/_fake/${path}`, { method, body: body && JSON.stringify(body) })
      if (!response.ok) throw new Error(`${method} /_fake/${path}: ${await response.text()}`)
      return response.json()
    },
  }
}

/** Builds an app of the table as `app`, a folder of {@link freshApp}. Resolves to the paths of its output. */
export async function build(app, { build: [script, ...argv] = [], output }) {
  if (script !== undefined) {
    await run(process.execPath, [program(app, script), ...argv], { cwd: app, env: quiet() })
    const page = join(app, output, 'index.html')
    if (!existsSync(page)) await copyFile(join(app, 'index.html'), page)
  }
  return output === undefined ? [] : readdirSync(join(app, output), { recursive: true }).map(String)
}

/**
 * Serves it and opens its page; all of it ends with the test. Resolves to `{ page, site, problems }`, the last what the page
 * logged as an error, or did not catch.
 */
export async function open(t, browser, app, api, { start: command, output, headers, answer }) {
  const server = command && (await start(app, [program(app, command[0]), ...command.slice(1)]))
  if (server) t.after(() => server.stop())
  const site = await serve({ api: api.url, app: server?.url, folder: join(app, output ?? '.'), headers, answer })
  t.after(() => site.close())
  const page = await browser.newPage()
  t.after(() => page.close())
  const problems = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
  await page.goto(site.url)
  return { page, site, problems }
}

/** A script of an app's packages, which lie above its folder. */
function program(app, script) {
  return join(dirname(app), 'node_modules', script)
}
