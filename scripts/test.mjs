// `npm test`: runs every suite that this machine can run and says in its last lines what ran, what did not and why.
// `npm test -- NAME…` runs only those; `--strict` fails also where a suite could not run (as `.ci/run` wants it). Two suites run
// side by side, on however few cores: most of them wait most of the time.
import { counts, failures } from './lib/counts.mjs'
import { inLanes } from './lib/lanes.mjs'
import { CommandError, say, seconds } from './lib/run.mjs'
import { suites } from './suites.mjs'
import { missing } from './tools.mjs'

const strict = process.argv.includes('--strict')
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const unknown = wanted.filter((name) => !suites.some((suite) => suite.name === name))
if (unknown.length > 0) {
  console.error(`no such suite: ${unknown.join(', ')}; there are: ${suites.map((suite) => suite.name).join(', ')}`)
  process.exit(2)
}

const chosen = suites.filter(({ name }) => wanted.length === 0 || wanted.includes(name))
const began = performance.now()
const rows = await inLanes(chosen, 2, conduct)

/** Runs a suite; resolves to its row of the closing table. */
async function conduct(suite) {
  const started = performance.now()
  say(`▸ ${suite.name}: ${suite.about}\n`)
  const row = { name: suite.name, passed: 0, failed: 0, skipped: 0, state: 'ok', why: '', tests: [] }
  try {
    Object.assign(row, await suite.run())
    if (row.failed > 0) row.state = 'FAILED'
    else if (row.passed === 0) [row.state, row.why] = ['FAILED', 'no test ran']
    else if (row.skipped > 0) [row.state, row.why] = ['FAILED', `${row.skipped} skipped`]
  } catch (error) {
    const lacking = missing(error)
    row.state = lacking ? 'DID NOT RUN' : 'FAILED'
    row.why = lacking ?? error.message
    if (error instanceof CommandError) {
      say(error.output)
      if (!lacking) Object.assign(row, { ...counts(error.output), tests: failures(error.output) })
    }
    if (!lacking) row.failed = Math.max(1, row.failed)
  }
  row.time = performance.now() - started
  say(`  ${row.name}: ${row.state} · ${row.passed} passed · ${seconds(row.time)}${row.why ? ` · ${row.why}` : ''}\n`)
  return row
}

const sum = (key) => rows.reduce((total, row) => total + row[key], 0)
const absent = rows.filter((row) => row.state === 'DID NOT RUN')
console.log('\nsuite         tests    time  result')
for (const row of rows) {
  console.log(
    `${row.name.padEnd(12)}${String(row.passed + row.failed).padStart(7)}${seconds(row.time).padStart(8)}  ${row.state}${row.why ? `: ${row.why}` : ''}`,
  )
}
for (const { name, tests } of rows) {
  // Where one thing keeps many tests from passing, it is said once.
  const said = new Set()
  for (const test of tests) {
    const reason = test.reason.map((line) => `\n    ${line}`).join('')
    console.log(`failed in ${name}: ${test.name}${said.has(reason) ? '' : reason}`)
    said.add(reason)
  }
}
console.log(`in all ${seconds(performance.now() - began)}`)
console.log(absent.length === 0 ? 'every suite ran' : `did not run: ${absent.map((row) => row.name).join(', ')}`)
console.log(`${sum('passed')} passed, ${sum('failed')} failed`)
process.exitCode = rows.some((row) => row.state === 'FAILED') ? 1 : absent.length > 0 && strict ? 3 : 0
