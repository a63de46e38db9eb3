// Pictures of the demo page in each of its states, to be looked at: `node scripts/screenshots.mjs [FOLDER]`
// (docs/images where no folder is named).
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import { buildFakeServer, spawnFakeServer } from './lib/fake-server.mjs'
import { buildPage, pageFolder } from './lib/page.mjs'
import { root, step } from './lib/run.mjs'
import { tool } from './tools.mjs'

const folder = resolve(process.argv[2] ?? join(root, 'docs/images'))
await mkdir(folder, { recursive: true })
await buildPage()
const program = await buildFakeServer()
const browser = await chromium.launch({
  executablePath: await tool('chromium'),
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
})

const desktop = { width: 1280, height: 760 }
const phone = { width: 390, height: 760 }
const pods = { path: '/pods' }

/** Each state: what the server is told, and what the page must have come to before the picture is taken. */
const states = [
  {
    name: 'live',
    hash: '#/v1/pods?sort=Age',
    until: '[data-phase=live]',
    act: (page) => page.locator('.flash').first().waitFor(),
  },
  { name: 'wide', hash: '#/v1/pods?wide&sort=-Restarts', until: '[data-phase=live]' },
  { name: 'filtered', hash: '#/v1/pods?q=status:CrashLoopBackOff', until: '[data-phase=live]' },
  {
    name: 'syncing',
    faults: [{ kind: 'slow', bytes: 4_000_000, match: pods }],
    until: '[data-phase=syncing] .sentence',
    wait: 1500,
  },
  {
    name: 'stale',
    until: '[data-phase=live]',
    act: async (page, control) => {
      await control('faults', { kind: 'unavailable', match: pods })
      await control('restart', {})
      await page.locator('.grid[data-stale]').waitFor()
      await sleep(2500)
    },
  },
  { name: 'fallback', profile: '1.26', until: '[data-phase=live]' },
  {
    name: 'failed',
    faults: [{ kind: 'forbidden', user: 'jane', match: pods }],
    until: '[data-phase=failed]',
  },
  { name: 'auth', faults: [{ kind: 'unauthorized', match: pods }], until: '[data-phase=auth]' },
  { name: 'empty', hash: '#/v1/pods?namespace=nothing-here', until: '[data-phase=live]' },
  { name: 'no-match', hash: '#/v1/pods?q=nothing-is-called-this', until: '.notice .button' },
  {
    name: 'resources',
    until: '[data-phase=live]',
    act: (page) => page.getByRole('button', { name: /^Resource: / }).click(),
  },
  {
    name: 'faults',
    until: '[data-phase=live]',
    act: (page) => page.getByRole('button', { name: 'Break it' }).click(),
  },
]

const looks = [
  { suffix: 'light', colorScheme: 'light', viewport: desktop },
  { suffix: 'dark', colorScheme: 'dark', viewport: desktop },
  { suffix: 'phone', colorScheme: 'light', viewport: phone },
]

const only = process.argv.slice(3)
for (const state of states) {
  if (only.length > 0 && !only.includes(state.name)) continue
  await step(state.name, async () => {
    for (const look of looks) await picture(state, look)
  })
}
await browser.close()

async function picture({ name, profile = '1.37', hash = '', faults = [], until, act, wait = 0 }, { suffix, ...look }) {
  const server = await spawnFakeServer(program, { profile, pods: 10_000, churn: 200, seed: 1, www: pageFolder })
  const control = (path, body) => fetch(`${server.url}/_fake/${path}`, { method: 'POST', body: JSON.stringify(body) })
  for (const fault of faults) await control('faults', fault)
  const page = await browser.newPage(look)
  try {
    await page.goto(`${server.url}/${hash}`)
    await page.locator(until).first().waitFor({ timeout: 30_000 })
    await sleep(wait || 400)
    await act?.(page, control)
    await sleep(300)
    await page.screenshot({ path: join(folder, `${name}-${suffix}.png`) })
  } finally {
    await page.close()
    await server.stop()
  }
}
