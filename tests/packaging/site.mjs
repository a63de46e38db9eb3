/** A page and an API on one origin, as a dashboard in production has them. */
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'

const root = join(import.meta.dirname, '..', '..')
const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
  '.css': 'text/css',
}

/** Serves `folder`, and below `/k8s` what `api` answers. Resolves to `{ url, requests, close }`. */
export function serve(folder, api) {
  const requests = []
  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://page')
    requests.push({ url, headers: request.headers })
    if (url.pathname.startsWith('/k8s/')) return api(url, response)
    const path = join(folder, normalize(url.pathname === '/' ? '/index.html' : url.pathname))
    if (!path.startsWith(folder) || !existsSync(path) || !statSync(path).isFile()) return response.writeHead(404).end()
    response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' })
    createReadStream(path).pipe(response)
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve({
        url: `http://127.0.0.1:${server.address().port}`,
        requests,
        close: () =>
          new Promise((closed) => {
            server.close(closed)
            server.closeAllConnections()
          }),
      })
    })
  })
}

/** Answers every watch with the recorded body of a real server, then leaves the stream open. */
export function recorded(name) {
  const text = readFileSync(join(root, 'tests/streams', name), 'latin1')
  const body = text.slice(text.indexOf('\r\n\r\n', text.indexOf('\r\n\r\n') + 4) + 4)
  return (_url, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' })
    response.write(Buffer.from(body, 'latin1'))
  }
}
