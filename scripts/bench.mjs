// `npm run bench`: what decoding and keeping a stream costs, beside two hand-written JavaScript pipelines, and the
// time to a whole snapshot beside reading the body and throwing it away. Ratios of interleaved runs in one browser.
import { spawn } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { chromium } from 'playwright-core'
import { root, run, step } from './lib/run.mjs'
import { tool } from './tools.mjs'

const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? fallback : Number(process.argv[at + 1])
}
const pods = option('pods', 20_000)
const rounds = option('rounds', 9)

const executablePath = await tool('chromium')
await step('building the package', () => run(process.execPath, ['scripts/build.mjs']).catch(() => {}))
await step('building the fake API server', () =>
  run('cargo', ['build', '--locked', '--profile', 'fake', '-p', 'fake-apiserver']),
)

const site = await mkdtemp(join(tmpdir(), 'kube-watchlist-bench-'))
await cp(join(root, 'benches/browser'), site, { recursive: true })
await cp(join(root, 'dist'), join(site, 'kube-watchlist'), { recursive: true })

const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target')
const server = spawn(
  join(target, 'fake/fake-apiserver'),
  ['--port', '0', '--profile', '1.37', '--pods', String(pods), '--churn', '0', '--seed', '1', '--www', site],
  { stdio: ['ignore', 'pipe', 'inherit'] },
)
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--js-flags=--expose-gc'],
})

try {
  const { url } = JSON.parse(await new Promise((resolve) => createInterface(server.stdout).once('line', resolve)))
  const page = await browser.newPage()
  page.on('pageerror', (error) => console.error(error))
  await page.goto(`${url}/index.html`)
  await page.waitForFunction(() => document.title === 'ready')
  console.log(
    `\nChromium ${browser.version()}, ${cpus().length} × ${cpus()[0].model}; ${pods} pods, ${rounds} interleaved runs, medians`,
  )
  for (const form of ['table', 'object']) await compare(page, form)
} finally {
  await browser.close()
  server.kill()
  await rm(site, { recursive: true, force: true })
}

async function compare(page, form) {
  const bytes = await page.evaluate((form) => bench.record(form), form)
  const names = ['decode/ours', 'decode/lean', 'decode/whole', 'network/discard', 'network/ours', 'network/lean']
  const measured = new Map(names.map((name) => [name, []]))
  for (let round = 0; round <= rounds; round += 1) {
    for (const name of names) {
      const result = await traced(page, () => page.evaluate(([name, form]) => bench.once(name, form), [name, form]))
      if (name !== 'network/discard' && result.rows !== pods)
        throw new Error(`${name} holds ${result.rows} rows of ${pods}`)
      if (round > 0) measured.get(name).push(result)
    }
  }
  console.log(`\n${form === 'table' ? 'Table watch events' : 'whole pods'}: ${(bytes / 1e6).toFixed(1)} MB`)
  console.log('run               wall ms   cpu ms   longest task ms     MB/s')
  const medians = {}
  for (const [name, results] of measured) {
    const of = (key) => median(results.map((result) => result[key]))
    medians[name] = { wall: of('milliseconds'), cpu: of('cpu') }
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
  const ratio = (one, other, key = 'wall') =>
    median(
      measured
        .get(one)
        .map(
          (result, index) =>
            result[key === 'wall' ? 'milliseconds' : key] /
            measured.get(other)[index][key === 'wall' ? 'milliseconds' : key],
        ),
    ).toFixed(2)
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

/** Runs `work` under a trace; adds the CPU time and the longest task (CPU) of the page's main thread. */
async function traced(_page, work) {
  const session = await browser.newBrowserCDPSession()
  await session.send('Tracing.start', {
    transferMode: 'ReturnAsStream',
    traceConfig: { includedCategories: ['toplevel', 'blink.user_timing', '__metadata'] },
  })
  const result = await work()
  const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve))
  await session.send('Tracing.end')
  const { stream } = await complete
  let text = ''
  for (;;) {
    const part = await session.send('IO.read', { handle: stream })
    text += part.base64Encoded ? Buffer.from(part.data, 'base64').toString() : part.data
    if (part.eof) break
  }
  await session.send('IO.close', { handle: stream })
  await session.detach()
  return { ...result, ...mainThread(JSON.parse(text).traceEvents) }
}

function mainThread(events) {
  const marks = events.filter((event) => event.cat?.includes('blink.user_timing') && / (start|end)$/.test(event.name))
  const start = marks.find((event) => event.name.endsWith(' start'))
  const end = marks.find((event) => event.name.endsWith(' end'))
  if (!start || !end) throw new Error('the trace lacks the marks of the run')
  const tasks = events.filter(
    (event) =>
      event.ph === 'X' &&
      event.pid === start.pid &&
      event.tid === start.tid &&
      event.name.endsWith('RunTask') &&
      event.ts + event.dur >= start.ts &&
      event.ts <= end.ts,
  )
  const cpu = tasks.map((event) => Math.min(event.tdur ?? event.dur, event.dur) / 1000)
  return { cpu: cpu.reduce((sum, value) => sum + value, 0), longest: Math.max(0, ...cpu) }
}
