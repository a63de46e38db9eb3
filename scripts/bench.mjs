// `npm run bench`: what decoding and keeping a stream costs, beside two hand-written JavaScript pipelines, and the
// time to a whole snapshot beside reading the body and throwing it away. Ratios of interleaved runs in one browser.
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { buildFakeServer, spawnFakeServer } from './lib/fake-server.mjs'
import { root, run, step } from './lib/run.mjs'
import { TASKS, tasks, traced } from './lib/trace.mjs'
import { tool } from './tools.mjs'

const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? fallback : Number(process.argv[at + 1])
}
const pods = option('pods', 20_000)
const rounds = option('rounds', 9)

const executablePath = await tool('chromium')
await step('building the package', () => run(process.execPath, ['scripts/build.mjs', '--only']))
const program = await step('building the fake API server', buildFakeServer)

const site = await mkdtemp(join(tmpdir(), 'kube-watchlist-bench-'))
await cp(join(root, 'benches/browser'), site, { recursive: true })
await cp(join(root, 'dist'), join(site, 'kube-watchlist'), { recursive: true })

const server = await spawnFakeServer(program, { profile: '1.37', pods, churn: 0, seed: 1, www: site })
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--js-flags=--expose-gc'],
})

try {
  const page = await browser.newPage()
  page.on('pageerror', (error) => console.error(error))
  await page.goto(`${server.url}/index.html`)
  await page.waitForFunction(() => document.title === 'ready')
  console.log(
    `\nChromium ${browser.version()}, ${cpus().length} × ${cpus()[0].model}; ${pods} pods, ${rounds} interleaved runs, medians`,
  )
  for (const form of ['table', 'object']) await compare(page, form)
} finally {
  await browser.close()
  await server.stop()
  await rm(site, { recursive: true, force: true })
}

async function compare(page, form) {
  const bytes = await page.evaluate((form) => bench.record(form), form)
  const names = ['decode/ours', 'decode/lean', 'decode/whole', 'network/discard', 'network/ours', 'network/lean']
  const measured = new Map(names.map((name) => [name, []]))
  for (let round = 0; round <= rounds; round += 1) {
    for (const name of names) {
      const result = await once(page, name, form)
      if (name !== 'network/discard' && result.rows !== pods)
        throw new Error(`${name} holds ${result.rows} rows of ${pods}`)
      if (round > 0) measured.get(name).push(result)
    }
  }
  console.log(`\n${form === 'table' ? 'Table watch events' : 'whole pods'}: ${(bytes / 1e6).toFixed(1)} MB`)
  console.log('run               wall ms   cpu ms   longest task ms     MB/s')
  for (const [name, results] of measured) {
    const of = (key) => median(results.map((result) => result[key]))
    const columns = [
      of('milliseconds').toFixed(1),
      of('cpu').toFixed(1),
      of('longest').toFixed(1),
      (bytes / 1e3 / of('milliseconds')).toFixed(0),
    ]
    console.log(
      `${name.padEnd(16)}${columns[0].padStart(9)}${columns[1].padStart(9)}${columns[2].padStart(18)}${columns[3].padStart(9)}`,
    )
  }
  const ratio = (one, other, key = 'milliseconds') =>
    median(measured.get(one).map((result, index) => result[key] / measured.get(other)[index][key])).toFixed(2)
  console.log(
    `decode: ours is ${ratio('decode/lean', 'decode/ours')} × the lean pipeline, ${ratio('decode/whole', 'decode/ours')} × the one that keeps whole rows`,
  )
  console.log(
    `time to snapshot: ${ratio('network/ours', 'network/discard')} × reading and throwing away (the lean pipeline: ${ratio('network/lean', 'network/discard')} ×)`,
  )
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

/** One run under a trace: what it measured, and the CPU time and longest task of the page's main thread. */
async function once(page, name, form) {
  let result
  const work = async () => {
    result = await page.evaluate(([name, form]) => bench.once(name, form), [name, form])
  }
  const cpu = tasks(await traced(browser, work, TASKS), name).map((task) => task.cpu)
  return { ...result, cpu: cpu.reduce((sum, time) => sum + time, 0), longest: Math.max(0, ...cpu) }
}
