// The fake API server: built, started, stopped. The one way in which scripts and tests come by it.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { run } from './run.mjs'

/** Builds the fake API server and returns the path of its program. `options`: of `run`. */
export async function buildFakeServer(options) {
  const command = ['build', '--locked', '--profile', 'fake', '-p', 'fake-apiserver', '--message-format', 'json']
  for (const line of (await run('cargo', command, options)).split('\n')) {
    if (!line.startsWith('{')) continue
    const message = JSON.parse(line)
    if (message.reason === 'compiler-artifact' && message.executable) return message.executable
  }
  throw new Error('cargo named no program of fake-apiserver')
}

/**
 * Starts it on a port of 127.0.0.1 and waits until it serves. It ends with us, however we end: its standard input
 * closes then.
 *
 * @param {string} program
 * @param {Record<string, string | number>} settings by option name: profile, pods, churn, seed, port, www, token, cors
 * @returns {Promise<{ url: string, ended: Promise<number>, stop: () => Promise<number> }>}
 */
export async function spawnFakeServer(program, settings) {
  const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
  const child = spawn(program, [...options, '--exit-with-parent'], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (text) => (said += text))
  const ended = new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 0)))
  for await (const line of createInterface(child.stdout)) {
    const stop = () => {
      child.kill('SIGTERM')
      return ended
    }
    return { url: JSON.parse(line).url, ended, stop }
  }
  throw new Error(`the fake API server did not start: ${said.trim()}`)
}
