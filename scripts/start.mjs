// `npm start`: builds what is out of date and shows the demo page, on a fake API server or, read-only, on a cluster.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { build as buildApiServer, versions } from './apiserver.mjs'
import { buildFakeServer, spawnFakeServer } from './lib/fake-server.mjs'
import { buildPage, pageFolder } from './lib/page.mjs'
import { startRealCluster } from './lib/real-cluster.mjs'
import { CommandError, root, run, seconds, step } from './lib/run.mjs'
import { MissingTool, nodeModules, rustTarget, tool } from './tools.mjs'

const usage = `npm start                            the demo on an embedded fake API server
  -- --profile VERSION               how it behaves: 1.18, 1.26, 1.32, 1.33 or 1.37 (the default)
     --pods N                        how many pods it has (10000)
     --churn N                       how many writes a second (20)
     --seed N                        the same seed gives the same cluster (1)
npm start -- --apiserver [VERSION]   the demo before a real kube-apiserver: 1.37 (the default) or 1.32; built once, with Go
             --pods N, --churn N, --seed N   as above (3000, 20, 1)
npm start -- --context NAME          the page before a cluster of yours, read-only; a context of your kubeconfig
             --kubeconfig FILE       another kubeconfig, its current context if none is named
npm start -- --server URL            the same by address
             --token-file FILE       with a bearer token
             --ca-file FILE          and the certificate of the authority that signed the server's
             --insecure-skip-tls-verify
for all: --port N                    the port of the page (a free one)`

/** What builds say while they have work to do: cargo's lines of progress and those of build.mjs. */
const PROGRESS = /^\s*(Updating|Downloading|Compiling|making) /

const [newest] = Object.keys(versions)

class UsageError extends Error {}

/** The options of the command line; those of different servers exclude each other. */
export function readOptions(args) {
  const text = { type: 'string' }
  // Its version may be left out, which parseArgs has no word for.
  const whole = args.map((arg, at) =>
    arg === '--apiserver' && (args[at + 1] ?? '--').startsWith('--') ? `--apiserver=${newest}` : arg,
  )
  const { values } = parseArgs({
    args: whole,
    options: {
      ...{ profile: text, pods: text, churn: text, seed: text, port: text, apiserver: text },
      ...{ context: text, kubeconfig: text, server: text, 'token-file': text, 'ca-file': text },
      'insecure-skip-tls-verify': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const given = (...names) => names.filter((name) => values[name] !== undefined).map((name) => `--${name}`)
  const byFile = given('context', 'kubeconfig')
  const byAddress = given('server', 'token-file', 'ca-file', 'insecure-skip-tls-verify')
  const servers = [given('profile'), given('apiserver'), byFile, byAddress].filter((group) => group.length > 0)
  // What is made for the demo is not made in a cluster of somebody's.
  const made = [given('pods', 'churn', 'seed'), [...byFile, ...byAddress]]
  for (const [first, second] of [servers, made]) {
    if (first?.length > 0 && second?.length > 0) throw new UsageError(`${first[0]} and ${second[0]} do not go together`)
  }
  if (byAddress.length > 0 && !values.server) throw new UsageError(`${byAddress[0]} needs --server`)
  if (values.apiserver !== undefined && !(values.apiserver in versions))
    throw new UsageError(`--apiserver ${values.apiserver}: there are ${Object.keys(versions).join(' and ')}`)
  const port = Number(values.port ?? 0)
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new UsageError(`--port ${values.port} is no port`)
  for (const name of ['pods', 'churn', 'seed']) {
    if (values[name] !== undefined && !/^\d+$/.test(values[name]))
      throw new UsageError(`--${name} ${values[name]} is no whole number`)
  }
  return { ...values, port, cluster: byFile.length + byAddress.length > 0 }
}

async function main() {
  const options = readOptions(process.argv.slice(2))
  if (options.help) return void console.log(usage)
  const started = performance.now()
  await nodeModules()
  // First of all: without Go the rest would be built in vain.
  if (options.apiserver) await buildApiServer(options.apiserver)
  // Builds beside the package where there is a core to spare; a failure shows when its result is needed.
  const server = options.cluster || options.apiserver ? undefined : buildFakeServer({ echo: PROGRESS })
  server?.catch(() => {})
  await rustTarget('wasm32-unknown-unknown')
  await tool('wasm-bindgen')
  await step('package', () => run(process.execPath, ['scripts/build.mjs', '--only'], { echo: PROGRESS }))
  await buildPage()
  const url = options.cluster
    ? await startCluster(options)
    : options.apiserver
      ? await startReal(options)
      : await startFake(options, await step('fake API server', () => server))
  console.log(`  ready in ${seconds(performance.now() - started)}\n\n  ${url}\n\n  Ctrl-C ends it.`)
}

async function startFake({ profile = '1.37', pods = '10000', churn = '20', seed = '1', port }, program) {
  const title = `a cluster of ${pods} pods as Kubernetes ${profile}, ${churn} writes a second`
  const server = await step(title, () =>
    spawnFakeServer(program, { profile, pods, churn, seed, port, www: pageFolder }),
  )
  server.ended.then((code) => process.exit(code))
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => server.stop())
  return server.url
}

async function startReal({ apiserver, pods = '3000', churn = '20', seed = '1', port }) {
  const numbers = { pods: Number(pods), churn: Number(churn), seed: Number(seed) }
  const real = await startRealCluster({ version: apiserver, ...numbers })
  real.failed.catch((error) => {
    console.error(`the writes to the API server ended: ${error.message}`)
    process.exit(1)
  })
  const { server, tokenFile, caFile } = real
  console.log(`  Kubernetes ${real.version}, ${churn} writes a second`)
  return startCluster({ server, port, 'token-file': tokenFile, 'ca-file': caFile }, () => real.stop())
}

async function startCluster({ context, kubeconfig, server, port, ...rest }, stop = () => {}) {
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
  const end = async () => {
    await proxy.close()
    await stop()
    process.exit(0)
  }
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, end)
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
    else if (error instanceof CommandError || error instanceof MissingTool || error.name === 'CredentialsError')
      console.error(error.message)
    else console.error(error)
    process.exit(isUsage ? 2 : 1)
  }
}
