// `npm start`: what its options mean, and one run from the command line to the page and Ctrl-C.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from '../../scripts/lib/run.mjs'
import { readOptions } from '../../scripts/start.mjs'

const script = join(root, 'scripts/start.mjs')

test('nothing given: the fake server, on a free port', () => {
  assert.deepEqual(readOptions([]), { port: 0, cluster: false })
})

test('options pass through as they were given', () => {
  const fake = { profile: '1.33', pods: '50', churn: '5', seed: '7' }
  const args = (options) => Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])
  assert.deepEqual({ ...readOptions(args(fake)) }, { ...fake, port: 0, cluster: false })
  const byFile = { context: 'kind', kubeconfig: '/a/config' }
  assert.deepEqual({ ...readOptions(args(byFile)) }, { ...byFile, port: 0, cluster: true })
  const byAddress = { server: 'https://k8s.example', 'token-file': 't', 'ca-file': 'c' }
  assert.deepEqual(
    { ...readOptions([...args(byAddress), '--insecure-skip-tls-verify', '--port', '8080']) },
    { ...byAddress, 'insecure-skip-tls-verify': true, port: 8080, cluster: true },
  )
})

test('a real API server: the newest, or the version that is named', () => {
  const real = (version, more = {}) => ({ apiserver: version, ...more, port: 0, cluster: false })
  assert.deepEqual({ ...readOptions(['--apiserver']) }, real('1.37'))
  assert.deepEqual({ ...readOptions(['--apiserver', '--pods', '7']) }, real('1.37', { pods: '7' }))
  assert.deepEqual({ ...readOptions(['--churn', '3', '--apiserver', '1.32']) }, real('1.32', { churn: '3' }))
  assert.throws(() => readOptions(['--apiserver', '1.2']), { message: '--apiserver 1.2: there are 1.37 and 1.32' })
})

test('numbers that are none', () => {
  for (const name of ['pods', 'churn', 'seed']) {
    assert.throws(() => readOptions([`--${name}=-1`]), { message: `--${name} -1 is no whole number` })
  }
})

test('options of different ways exclude each other', () => {
  for (const [args, words] of [
    [['--pods', '5', '--context', 'a'], '--pods and --context do not go together'],
    [['--churn', '5', '--server', 'a'], '--churn and --server do not go together'],
    [['--profile', '1.33', '--apiserver'], '--profile and --apiserver do not go together'],
    [['--apiserver', '--context', 'a'], '--apiserver and --context do not go together'],
    [['--kubeconfig', 'f', '--server', 'a'], '--kubeconfig and --server do not go together'],
    [['--token-file', 'f'], '--token-file needs --server'],
    [['--insecure-skip-tls-verify'], '--insecure-skip-tls-verify needs --server'],
  ]) {
    assert.throws(() => readOptions(args), { message: words })
  }
})

test('a port that is none', () => {
  for (const port of ['x', '65536', '-1', '1.5', 'NaN']) {
    assert.throws(() => readOptions([`--port=${port}`]), { message: `--port ${port} is no port` })
  }
})

test('a wrong command line is told with the usage, and ends with 2', { timeout: 20_000 }, async () => {
  for (const args of [['--nonsense'], ['--port', '65536'], ['more']]) {
    const { code, said } = await ended(start(args))
    assert.equal(code, 2, said)
    assert.match(said, /npm start +the demo/)
  }
})

test('from the command line to the page and its server, and Ctrl-C', { timeout: 600_000 }, async (t) => {
  const run = start(['--pods', '50', '--churn', '5', '--profile', '1.33', '--port', '0'])
  t.after(() => run.child.kill('SIGKILL'))
  const url = await run.find(/^ +(http:\/\/127\.0\.0\.1:\d+)\/?$/m)
  const get = async (path) => {
    const response = await fetch(`${url}${path}`)
    assert.equal(response.status, 200, path)
    return response
  }
  const page = await (await get('/')).text()
  assert.match(page, /<title>/)
  for (const [, asset] of page.matchAll(/(?:src|href)="\.?(\/[^"]+)"/g)) await get(asset)
  assert.match((await (await get('/version')).json()).gitVersion, /^v1\.33\./)
  const { items } = await (await get('/api/v1/pods')).json()
  assert.ok(Math.abs(items.length - 50) <= 10, `${items.length} pods`)
  run.child.kill('SIGINT')
  const { code, said } = await ended(run)
  assert.equal(code, 0, said)
  await assert.rejects(fetch(`${url}/version`), 'the server ended with it')
})

/** Starts the script. `find(pattern)` waits until it has said that, and returns what the first group holds. */
function start(args) {
  const child = spawn(process.execPath, [script, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  const run = { child, said: '', code: new Promise((resolve) => child.on('close', resolve)) }
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      run.said += text
    })
  }
  run.find = async (pattern) => {
    let over = false
    run.code.then(() => (over = true))
    for (;;) {
      const found = pattern.exec(run.said)
      if (found) return found[1]
      assert.equal(over, false, `it ended before: ${run.said}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  return run
}

async function ended(run) {
  return { code: await run.code, said: run.said }
}
