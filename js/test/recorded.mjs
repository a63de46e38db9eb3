/** Recorded exchanges of real API servers, as `fetch` would give them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const streams = join(import.meta.dirname, '..', '..', 'tests', 'streams')

/** `{ status, headers, body }` of a recorded exchange; the body as bytes. */
export function recorded(name) {
  const file = readFileSync(join(streams, name))
  const request = file.indexOf('\r\n\r\n') + 4
  const response = file.indexOf('\r\n\r\n', request) + 4
  const [line, ...fields] = file.subarray(request, response).toString('latin1').trim().split('\r\n')
  const headers = new Headers(
    fields.map((field) => [field.slice(0, field.indexOf(':')), field.slice(field.indexOf(':') + 1).trim()]),
  )
  headers.delete('transfer-encoding')
  return { status: Number(line.split(' ')[1]), headers, body: new Uint8Array(file.subarray(response)) }
}

/** The lines of a recorded stream, each with its newline. */
export function lines(name) {
  return Buffer.from(recorded(name).body)
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => `${line}\n`)
}

/** A response of a recorded refusal. */
export function refusal(name) {
  const { status, headers, body } = recorded(name)
  return new Response(body, { status, headers })
}

/** A watch that says what the test pushes, until it is ended or aborted. */
export class Stream {
  #controller
  #encoder = new TextEncoder()
  aborted = false

  constructor(first = []) {
    this.body = new ReadableStream({
      start: (controller) => (this.#controller = controller),
      cancel: () => (this.aborted = true),
    })
    for (const line of first) this.push(line)
  }

  push(text) {
    this.#controller.enqueue(this.#encoder.encode(text))
  }

  end() {
    this.#controller.close()
  }

  response(init) {
    init.signal?.addEventListener('abort', () => {
      if (!this.aborted) this.#controller.error(new DOMException('aborted', 'AbortError'))
      this.aborted = true
    })
    return new Response(this.body, { status: 200, headers: { 'content-type': 'application/json' } })
  }
}
