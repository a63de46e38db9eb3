/** A page and an API on one origin, as a dashboard in production has them. */
import { spawn } from 'node:child_process'
import { createReadStream, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

import { forward } from '../../client/gateway.mjs'

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' }

/**
 * Serves on a free port of the loopback interface. Resolves to `{ url, requests, close }`.
 *
 * - `api`: address of the API server that answers below `/k8s`;
 * - `folder`: of the files of all else, or `app`: the address of a server that answers all else;
 * - `headers`: sent with every file;
 * - `answer`: what a request for the wasm module is answered instead: `{ type }`, `{ file }`.
 */
export async function serve({ api, folder, app, headers = {}, answer = {} }) {
  const requests = []
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://site')
    requests.push({ path: pathname, query: searchParams, headers: request.headers })
    if (pathname.startsWith('/k8s/')) {
      request.url = request.url.slice('/k8s'.length)
      return forward(api, request, response)
    }
    if (pathname === '/favicon.ico') return response.writeHead(204).end()
    if (app !== undefined) return forward(app, request, response)
    const isModule = pathname.endsWith('.wasm')
    const path = join(folder, normalize((isModule && answer.file) || (pathname === '/' ? '/index.html' : pathname)))
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return response.writeHead(404, headers).end()
    const type = (isModule && answer.type) || TYPES[extname(path)] || 'application/octet-stream'
    response.writeHead(200, { ...headers, 'content-type': type })
    createReadStream(path).pipe(response)
  })
  // Development servers tell their page of changes over a WebSocket.
  server.on('upgrade', (request, socket, head) => {
    if (app === undefined) return socket.destroy()
    const { hostname, port } = new URL(app)
    const onward = connect(port, hostname, () => {
      const lines = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`)
      onward.write(`${request.method} ${request.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
      onward.write(head)
      onward.pipe(socket).pipe(onward)
    })
    for (const [one, other] of [
      [onward, socket],
      [socket, onward],
    ])
      one.on('error', () => other.destroy()).on('close', () => other.destroy())
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    requests,
    close: () =>
      new Promise((closed) => {
        server.close(closed)
        server.closeAllConnections()
      }),
  }
}

/** Starts a server of an app and waits until it says where it listens. Resolves to `{ url, stop }`. */
export async function start(app, argv) {
  const child = spawn(process.execPath, argv, { cwd: app, env: quiet(), stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  let said = ''
  const url = await new Promise((resolve, reject) => {
    const listen = (bytes) => {
      said += stripVTControlCharacters(String(bytes))
      const found = /http:\/\/(?:localhost|127\.0\.0\.1):\d+/.exec(said)
      if (found) resolve(found[0].replace('localhost', '127.0.0.1'))
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    ended.then((code) => reject(new Error(`${argv.join(' ')} ended with ${code}: ${said}`)))
  })
  return {
    url,
    stop() {
      child.kill()
      return ended
    },
  }
}

/** The environment in which tools send nothing home. */
export function quiet() {
  return { ...process.env, NEXT_TELEMETRY_DISABLED: '1' }
}
