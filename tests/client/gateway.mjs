/**
 * A gateway in front of fake-apiserver: it counts what is open, notes what was really sent (tokens too, which the server's own log
 * leaves out), and answers in the server's place where a test wants an answer that no API server gives.
 */
import { request as ask, createServer } from 'node:http'

/**
 * Starts a gateway on a free port of the loopback interface.
 *
 * `upstream`: address of the server behind it. Resolves to the gateway:
 * - `url`: its address;
 * - `requests`: what was asked of the API, oldest first, each with `open` and `cut()`;
 * - `open()`: how many of those are still open;
 * - `script`: set by tests; `(request, response, entry) => boolean` says whether it took the request over.
 */
export async function startGateway(upstream) {
  const gateway = {
    url: '',
    requests: [],
    script: undefined,
    open: () => gateway.requests.filter((entry) => entry.open).length,
    reset() {
      gateway.requests = gateway.requests.filter((entry) => entry.open)
      gateway.script = undefined
    },
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    },
  }
  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://gateway')
    if (!url.pathname.startsWith('/api')) return forward(upstream, request, response)
    const entry = {
      method: request.method,
      url: request.url,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      open: true,
      /** Breaks the connection, as a pulled cable does. */
      cut: () => request.socket.destroy(),
    }
    gateway.requests.push(entry)
    response.on('close', () => {
      entry.open = false
    })
    if (!gateway.script?.(request, response, entry)) forward(upstream, request, response)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  gateway.url = `http://127.0.0.1:${server.address().port}`
  return gateway
}

/** Asks the server at `upstream` and passes its answer on as it comes. */
export function forward(upstream, request, response) {
  const { host: _ours, ...headers } = request.headers
  const onward = ask(new URL(request.url, upstream), { method: request.method, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers)
    // A quiet watch sends its head at once and nothing more for a long time.
    response.flushHeaders()
    answer.pipe(response)
    answer.on('error', () => response.destroy())
  })
  onward.on('error', () => response.destroy())
  response.on('close', () => onward.destroy())
  request.pipe(onward)
}
