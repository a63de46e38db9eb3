/** An API server inside the page, for tests that need many answers or write them event by event. It goes in by the option `fetch`. */
import { endBookmark, tableEvent } from './events.mjs'

export class Server {
  /** What a streaming list begins with; a test writes more to {@link last}. */
  body
  /** The answer to a WATCH from a version: `undefined` for a stream, or a `Response`. */
  resumed = () => undefined
  /** Answers in place of all that, where it is set. */
  script
  asked = 0
  /** Streams that were neither ended nor aborted. */
  streams = new Set()
  last

  constructor(body) {
    this.body = body
    this.fetch = this.fetch.bind(this)
  }

  async fetch(url, { signal }) {
    this.asked += 1
    if (this.script) return this.script(signal)
    const version = new URL(url).searchParams.get('resourceVersion')
    const refused = version && version !== '0' ? this.resumed() : undefined
    if (refused) return refused
    return this.stream(signal, version && version !== '0' ? '' : this.body)
  }

  /** A response whose body begins with `text` and stays open. */
  stream(signal, text) {
    let controller
    const body = new ReadableStream({
      start: (own) => {
        controller = own
      },
      cancel: () => this.forget(stream),
    })
    const stream = {
      write: (more) => controller.enqueue(new TextEncoder().encode(more)),
      end: () => {
        this.forget(stream)
        controller.close()
      },
    }
    signal.addEventListener('abort', () => {
      if (this.forget(stream)) controller.error(signal.reason)
    })
    this.streams.add(stream)
    this.last = stream
    if (text) stream.write(text)
    return new Response(body, { headers: { 'content-type': 'application/json' } })
  }

  forget(stream) {
    if (this.last === stream) this.last = undefined
    return this.streams.delete(stream)
  }

  /** `count` rows of `bytes` each, and the bookmark after them. */
  static rows(count, { value = 'x', bytes = 0, version = 2 } = {}) {
    const text = value.padEnd(bytes, '.')
    const lines = Array.from({ length: count }, (_, index) =>
      tableEvent('ADDED', { name: `row-${index}`, value: text, version, first: index === 0 }),
    )
    return lines.join('') + endBookmark(version)
  }
}
