// `npm start`: builds what is out of date and shows the demo page, on a fake API server or, read-only, on a cluster.
import { spawn } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { CommandError, root, run, seconds, step } from './lib/run.mjs'
import { MissingTool, nodeModules, rustTarget } from './tools.mjs'

const usage = `npm start                            the demo on an embedded fake API server
  -- --profile VERSION               how it behaves: 1.18, 1.26, 1.32, 1.33 or 1.37 (the default)
     --pods N                        how many pods it has (10000)
     --churn N                       how many writes a second (20)
     --seed N                        the same seed gives the same cluster (1)
npm start -- --context NAME          the page before a cluster of yours, read-only; a context of your kubeconfig
             --kubeconfig FILE       another kubeconfig, its current context if none is named
npm start -- --server URL            the same by address
             --token-file FILE       with a bearer token
             --ca-file FILE          and the certificate of the authority that signed the server's
             --insecure-skip-tls-verify
for both: --port N                   the port of the page (a free one)`

class UsageError extends Error {}

/** The options of the command line; cluster options and those of the fake server exclude each other. */
export function readOptions(args) {
  const text = { type: 'string' }
  const { values } = parseArgs({
    args,
    options: {
      ...{ profile: text, pods: text, churn: text, seed: text, port: text },
      ...{ context: text, kubeconfig: text, server: text, 'token-file': text, 'ca-file': text },
      'insecure-skip-tls-verify': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const given = (...names) => names.filter((name) => values[name] !== undefined).map((name) => `--${name}`)
  const fake = given('profile', 'pods', 'churn', 'seed')
  const byFile = given('context', 'kubeconfig')
  const byAddress = given('server', 'token-file', 'ca-file', 'insecure-skip-tls-verify')
  const [first, second] = [fake, byFile, byAddress].filter((group) => group.length > 0)
  if (second) throw new UsageError(`${first[0]} and ${second[0]} do not go together`)
  if (byAddress.length > 0 && !values.server) throw new UsageError(`${byAddress[0]} needs --server`)
  const port = Number(values.port ?? 0)
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new UsageError(`--port ${values.port} is no port`)
  return { ...values, port, cluster: byFile.length + byAddress.length > 0 }
}

async function main() {
  const options = readOptions(process.argv.slice(2))
  if (options.help) return void console.log(usage)
  const started = performance.now()
  await nodeModules()
  // Builds beside the package where there is a core to spare; a failure shows when its result is needed.
  const server = options.cluster ? undefined : buildFakeServer()
  server?.catch(() => {})
  await rustTarget('wasm32-unknown-unknown')
  await step('package', () => run(process.execPath, ['scripts/build.mjs']))
  await buildPage()
  const url = options.cluster ? await startCluster(options) : await startFake(options, await step('fake API server', () => server))
  console.log(`  ready in ${seconds(performance.now() - started)}\n\n  ${url}\n\n  Ctrl-C ends it.`)
}

async function buildPage() {
  const built = join(root, 'www/dist/index.html')
  const inputs = ['www/src', 'www/public', 'www/index.html', 'www/vite.config.ts', 'dist', 'package-lock.json']
  if (newest([built]) > newest(inputs.map((name) => join(root, name)))) return
  await step('page', () => run(process.execPath, ['node_modules/vite/bin/vite.js', 'build', 'www', '--logLevel', 'warn']))
}

/** When the newest of these files was changed, in milliseconds; 0 where there is none. */
function newest(paths) {
  let time = 0
  for (const path of paths) {
    const found = statSync(path, { throwIfNoEntry: false })
    if (found?.isDirectory()) {
      time = Math.max(time, newest(readdirSync(path).map((name) => join(path, name))))
    } else if (found) {
      time = Math.max(time, found.mtimeMs)
    }
  }
  return time
}

/** Builds the fake API server and returns the path of its program. */
export async function buildFakeServer() {
  const messages = await run('cargo', ['build', '--locked', '--profile', 'fake', '-p', 'fake-apiserver', '--message-format', 'json'])
  for (const line of messages.split('\n')) {
    if (!line.startsWith('{')) continue
    const message = JSON.parse(line)
    if (message.reason === 'compiler-artifact' && message.executable) return message.executable
  }
  throw new Error('cargo named no program of fake-apiserver')
}

async function startFake({ profile = '1.37', pods = '10000', churn = '20', seed = '1', port }, program) {
  const settings = ['--profile', profile, '--pods', pods, '--churn', churn, '--seed', seed, '--port', String(port)]
  // It ends with us, however we end: its standard input closes then.
  const child = spawn(program, [...settings, '--www', join(root, 'www/dist'), '--exit-with-parent'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.on('exit', (code) => process.exit(code ?? 1))
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill('SIGTERM'))
  return await step(`a cluster of ${pods} pods as Kubernetes ${profile}, ${churn} writes a second`, async () => {
    for await (const line of createInterface(child.stdout)) return JSON.parse(line).url
  })
}

async function startCluster({ context, kubeconfig, server, port, ...rest }) {
  // Not before: the node modules that it needs may just have been installed.
  const { Credentials } = await import('../proxy/credentials.mjs')
  const { startProxy } = await import('../proxy/server.mjs')
  const credentials = new Credentials({
    context,
    kubeconfig,
    server,
    tokenFile: rest['token-file'],
    caFile: rest['ca-file'],
    insecureSkipTlsVerify: rest['insecure-skip-tls-verify'],
  })
  const proxy = await startProxy({ credentials, page: join(root, 'www/dist'), port })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => proxy.close().then(() => process.exit(0)))
  console.log(`  read-only, as ${credentials.user} of ${credentials.context}`)
  return proxy.url
}

if (process.argv[1] === import.meta.filename) {
  try {
    await main()
  } catch (error) {
    const isUsage = error instanceof UsageError || String(error.code).startsWith('ERR_PARSE_ARGS')
    // What a command printed was shown when it failed; the others say what to mend in their message.
    if (isUsage) console.error(`${error.message}\n\n${usage}`)
    else if (error instanceof CommandError || error instanceof MissingTool || error.name === 'CredentialsError') console.error(error.message)
    else console.error(error)
    process.exit(isUsage ? 2 : 1)
  }
}
