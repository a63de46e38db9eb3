// `npm start`: builds what is out of date and shows the demo page, on a fake API server or, read-only, on a cluster.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildFakeServer, spawnFakeServer } from './lib/fake-server.mjs'
import { buildPage, pageFolder } from './lib/page.mjs'
import { CommandError, root, run, seconds, step } from './lib/run.mjs'
import { MissingTool, nodeModules, rustTarget, tool } from './tools.mjs'

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

/** What builds say while they have work to do: cargo's lines of progress and those of build.mjs. */
const PROGRESS = /^\s*(Updating|Downloading|Compiling|making) /

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
  const server = options.cluster ? undefined : buildFakeServer({ echo: PROGRESS })
  server?.catch(() => {})
  await rustTarget('wasm32-unknown-unknown')
  await tool('wasm-bindgen')
  await step('package', () => run(process.execPath, ['scripts/build.mjs', '--only'], { echo: PROGRESS }))
  await buildPage()
  const url = options.cluster
    ? await startCluster(options)
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
    else if (error instanceof CommandError || error instanceof MissingTool || error.name === 'CredentialsError')
      console.error(error.message)
    else console.error(error)
    process.exit(isUsage ? 2 : 1)
  }
}
