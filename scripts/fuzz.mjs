// Runs every fuzz target for some seconds over seeds cut from the recorded exchanges: `node scripts/fuzz.mjs [SECONDS]
// [TARGET…]`. A crash fails, and so does a target that executed nothing. What libFuzzer found interesting stays in
// fuzz/corpus for the next run; an input that crashes is written to fuzz/artifacts.
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { CommandError, root, run, step } from './lib/run.mjs'
import { MissingTool, nightly, tool } from './tools.mjs'

const folder = join(root, 'fuzz')
const given = process.argv.slice(2)
const time = Number(given.find((argument) => /^\d+$/.test(argument)) ?? 5)
const wanted = given.filter((argument) => !/^\d+$/.test(argument))

try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof MissingTool || error instanceof CommandError)) throw error
  const missing = error instanceof MissingTool
  console.log(`${missing ? 'did not run' : 'FAILED'}: ${error.message}`)
  process.exitCode = missing ? 3 : 1
}

async function main() {
  const targets = (await readdir(join(folder, 'fuzz_targets')))
    .filter((name) => name.endsWith('.rs'))
    .map((name) => name.slice(0, -'.rs'.length))
    .filter((name) => wanted.length === 0 || wanted.includes(name))
  if (targets.length === 0) throw new Error(`no such target: ${wanted.join(', ')}`)
  const build = await compile(targets)
  await seeds(join(folder, 'seeds'))
  let failed = 0
  const waiting = [...targets]
  // Each uses one core.
  const worker = async () => {
    for (let target = waiting.shift(); target; target = waiting.shift()) {
      const problem = await fuzz(target, join(build, target))
      if (!problem) continue
      failed += 1
      console.log(`  ${target}: FAILED: ${problem}`)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  console.log(`ℹ pass ${targets.length - failed}\nℹ fail ${failed}`)
  return failed > 0 ? 1 : 0
}

/** Builds the targets with the nightly compiler; returns the folder with the programs. */
async function compile(targets) {
  const cargoFuzz = await tool('cargo-fuzz')
  await nightly()
  // cargo-fuzz cannot be told --locked, and leaves a lock file alone that is up to date.
  const manifest = ['--manifest-path', join(folder, 'Cargo.toml')]
  await step('lock file of the fuzz targets', () =>
    run('cargo', ['metadata', '--locked', '--format-version', '1', ...manifest]),
  )
  const host = /^host: (.*)$/m.exec(await run('rustc', ['+nightly', '--version', '--verbose']))[1]
  const output = join(folder, 'target')
  const env = {
    PATH: `${dirname(cargoFuzz)}${delimiter}${process.env.PATH}`,
    CARGO_TARGET_DIR: undefined,
    RUSTFLAGS: undefined,
  }
  const common = ['+nightly', 'fuzz', 'build', '--fuzz-dir', folder, '--target-dir', output]
  // One build for all targets is much quicker than one each.
  const names = targets.length === 1 ? targets : []
  await step('building the fuzz targets', () => run('cargo', [...common, ...names], { env }))
  return join(output, host, 'release')
}

/** Writes the recorded bodies, and their lines and elements one by one, as seeds. */
async function seeds(output) {
  await mkdir(output, { recursive: true })
  const streams = join(root, 'tests/streams')
  let count = 0
  for (const version of await readdir(streams)) {
    if (version.endsWith('.md')) continue
    for (const name of await readdir(join(streams, version))) {
      const parts = bodyOf(await readFile(join(streams, version, name)))
      for (const [index, part] of parts.entries()) {
        await writeFile(join(output, `${version}-${name.replace('.http', '')}-${index}`), part)
        count += 1
      }
    }
  }
  if (count < 100) throw new Error(`only ${count} seeds in ${streams}`)
}

function bodyOf(exchange) {
  const emptyLine = '\r\n\r\n'
  const response = exchange.indexOf(emptyLine) + emptyLine.length
  const body = exchange.subarray(exchange.indexOf(emptyLine, response) + emptyLine.length)
  const lines = body.toString('latin1').split('\n').filter(Boolean)
  return lines.length > 1 ? [body, Buffer.from(lines.at(-1), 'latin1')] : [body]
}

/** Runs one target; returns what went wrong. */
async function fuzz(target, program) {
  if (!existsSync(program)) return `${program} was not built`
  const [corpus, artifacts] = [join(folder, 'corpus', target), join(folder, 'artifacts', target)]
  await mkdir(corpus, { recursive: true })
  await mkdir(artifacts, { recursive: true })
  const args = [
    corpus,
    join(folder, 'seeds'),
    `-max_total_time=${time}`,
    '-max_len=65536',
    '-timeout=10',
    '-rss_limit_mb=1024',
    '-print_final_stats=1',
    `-artifact_prefix=${artifacts}/`,
  ]
  try {
    const output = await run(program, args)
    const executions = Number(/stat::number_of_executed_units: (\d+)/.exec(output)?.[1] ?? 0)
    // The seeds alone are more than a hundred: fewer means that nothing was fuzzed.
    if (executions <= 100) return `${executions} executions`
    console.log(`  ${target}: ${executions.toLocaleString('en')} executions in ${time} s`)
    return undefined
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    process.stdout.write(error.output.split('\n').slice(-40).join('\n'))
    return `input in ${artifacts}; ${error.message.split(' ').at(-1)}`
  }
}
