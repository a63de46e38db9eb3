import type { Host } from './glue.js'
import { turn } from './turn.js'
import type { ClientOptions, RequestInfo } from './types.js'

/** Headers that the protocol owns: what a caller says of them is not sent. */
const PROTOCOL_HEADERS = ['accept', 'range', 'accept-encoding']

/** `setTimeout` counts in 31 bits. */
const LONGEST_DELAY = 2 ** 31 - 1

/** What a watch in wasm may ask of the page. One for each watch and instance; {@link release} ends all that it began. */
export class PageHost implements Host {
  readonly #options: ClientOptions
  readonly #changed: (notice: number) => void
  readonly #wake: () => void
  readonly #controllers = new Set<AbortController>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #released = false

  constructor(options: ClientOptions, callbacks: { changed: (notice: number) => void; wake: () => void }) {
    this.#options = options
    this.#changed = callbacks.changed
    this.#wake = callbacks.wake
  }

  baseUrl(): string {
    const { baseUrl } = this.#options
    const text = (typeof baseUrl === 'function' ? baseUrl() : baseUrl).replace(/\/+$/, '')
    // Made absolute here: a worker would resolve it against its own address.
    return typeof document === 'object' ? new URL(`${text}/`, document.baseURI).href.slice(0, -1) : text
  }

  async headers(kind: RequestInfo['kind'], path: string, refresh: boolean, signal: AbortSignal): Promise<Headers> {
    const { headers, getToken } = this.#options
    const sent = new Headers(typeof headers === 'function' ? await headers({ kind, path }) : headers)
    for (const name of PROTOCOL_HEADERS) sent.delete(name)
    const token = await getToken?.({ refresh, signal })
    if (token !== undefined) sent.set('authorization', `Bearer ${token}`)
    return sent
  }

  async fetch(url: string, init: RequestInit): Promise<Response> {
    const { fetch = globalThis.fetch } = this.#options
    // Called without a receiver: the browser's own fetch throws for any other than the window.
    const response = await fetch(url, init)
    // Not `instanceof`: a caller's fetch may live in another realm.
    if (typeof response?.status !== 'number' || typeof response.headers?.get !== 'function') {
      throw new TypeError('fetch did not resolve to a Response')
    }
    if (init.signal && response.body) cancelWith(init.signal, response.body)
    return response
  }

  reading(reader: ReadableStreamGenericReader, signal: AbortSignal): void {
    cancelWith(signal, reader)
  }

  controller(): AbortController {
    const controller = new AbortController()
    if (this.#released) controller.abort()
    else this.#controllers.add(controller)
    return controller
  }

  finished(controller: AbortController): void {
    this.#controllers.delete(controller)
  }

  turn(): Promise<void> {
    return turn()
  }

  arm(delay: number): void {
    clearTimeout(this.#timer)
    this.#timer = delay < 0 || this.#released ? undefined : setTimeout(this.#wake, Math.min(delay, LONGEST_DELAY))
  }

  changed(notice: number): void {
    if (!this.#released) this.#changed(notice)
  }

  /** Stops the timer and aborts what is under way: what began it cannot any more. Nothing is told after it. */
  release(): void {
    this.#released = true
    clearTimeout(this.#timer)
    for (const controller of this.#controllers) controller.abort()
    this.#controllers.clear()
  }
}

/**
 * Cancels a body when the signal is aborted, which it may be already. A caller's `fetch` may not heed the signal: the body would go on
 * for nobody, and keep the memory of whoever read it. What has a reader is cancelled by that alone.
 */
function cancelWith(signal: AbortSignal, body: ReadableStream | ReadableStreamGenericReader): void {
  const cancel = (): void => void body.cancel().catch(() => undefined)
  if (signal.aborted) cancel()
  else signal.addEventListener('abort', cancel, { once: true })
}
