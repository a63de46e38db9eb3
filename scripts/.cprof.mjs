import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { buildFakeServer, spawnFakeServer } from './lib/fake-server.mjs'
import { root } from './lib/run.mjs'

const program = await buildFakeServer()
const site = await mkdtemp('/tmp/kwb-')
await cp(join(root, 'benches/browser'), site, { recursive: true })
await cp(join(root, 'dist'), join(site, 'kube-watchlist'), { recursive: true })
await cp(process.env.WASM ?? '/tmp/m/named.wasm', join(site, 'kube-watchlist/kube_watchlist_bg.wasm'))
const server = await spawnFakeServer(program, { profile: '1.37', pods: 20000, churn: 0, seed: 1, www: site })
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--js-flags=--expose-gc'],
})
const page = await browser.newPage()
await page.goto(`${server.url}/index.html`)
await page.waitForFunction(() => document.title === 'ready')
const form = process.argv[2] ?? 'table',
  name = process.argv[3] ?? 'decode/ours'
await page.evaluate((form) => bench.record(form), form)
for (let i = 0; i < 3; i++) await page.evaluate(([n, f]) => bench.once(n, f), [name, form])
const c = await page.context().newCDPSession(page)
await c.send('Profiler.enable')
await c.send('Profiler.setSamplingInterval', { interval: 100 })
await c.send('Profiler.start')
const t = []
for (let i = 0; i < 10; i++) t.push((await page.evaluate(([n, f]) => bench.once(n, f), [name, form])).milliseconds)
const { profile } = await c.send('Profiler.stop')
await writeFile('/tmp/m/c.cpuprofile', JSON.stringify(profile))
console.log(t.map((x) => x.toFixed(0)).join(' '))
await browser.close()
await server.stop()
await rm(site, { recursive: true })
