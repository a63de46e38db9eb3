// One object as the server has it: read when it is opened, and again whenever the table has seen another version of it.
import { useEffect, useState, useSyncExternalStore } from 'react'

export type Json = Readonly<Record<string, unknown>>

export interface Failure {
  readonly text: string
  /** The server's own sentence. */
  readonly quote?: string
  readonly httpStatus?: number
}

export interface Reading {
  /** As it was read last; stays while a later reading fails. */
  readonly object?: Json
  /** When that was. */
  readonly readAt?: number
  /** Why the last reading brought nothing. */
  readonly failure?: Failure
  readonly isReading: boolean
}

/** An object that changes all the time is read once in this many milliseconds. */
const pace = 1000
const deadline = 30_000

export class ObjectReader {
  readonly #path: string
  readonly #listeners = new Set<() => void>()
  readonly #end = new AbortController()
  #reading: Reading = { isReading: true }
  /** The version that the table has now. */
  #wanted: string | undefined
  /** The one that it had when the last reading began. */
  #answered: string | undefined
  #lastAt = Number.NEGATIVE_INFINITY
  #timer: ReturnType<typeof setTimeout> | undefined
  #busy = false

  constructor(path: string) {
    this.#path = path
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly getSnapshot = (): Reading => this.#reading

  /** The table has this version; `undefined`: it does not have the object (any more), so there is nothing newer to read. */
  want(resourceVersion: string | undefined): void {
    this.#wanted = resourceVersion
    const never = this.#lastAt === Number.NEGATIVE_INFINITY
    if (never || (resourceVersion !== undefined && this.#isNews(resourceVersion))) this.#plan()
  }

  retry(): void {
    this.#plan()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#end.abort()
    this.#listeners.clear()
  }

  /** Versions are compared for equality alone: the reading may be newer than what the table has seen. */
  #isNews(version: string): boolean {
    return version !== this.#answered && version !== versionOf(this.#reading.object)
  }

  #plan(): void {
    if (this.#busy || this.#timer !== undefined || this.#end.signal.aborted) return
    this.#timer = setTimeout(() => void this.#read(), Math.max(0, this.#lastAt + pace - performance.now()))
  }

  async #read(): Promise<void> {
    this.#timer = undefined
    this.#busy = true
    this.#lastAt = performance.now()
    this.#answered = this.#wanted
    this.#set({ ...this.#reading, isReading: true })
    const { object, failure } = await get(this.#path, this.#end.signal)
    this.#busy = false
    if (this.#end.signal.aborted) return
    if (object) this.#set({ object, readAt: Date.now(), isReading: false })
    else this.#set({ ...this.#reading, ...(failure && { failure }), isReading: false })
    if (this.#wanted !== undefined && this.#isNews(this.#wanted)) this.#plan()
  }

  #set(reading: Reading): void {
    this.#reading = reading
    for (const listener of [...this.#listeners]) listener()
  }
}

/** Reads the object of a path while the component lives. */
export function useObject(path: string, resourceVersion: string | undefined): [Reading, () => void] {
  const [reader, setReader] = useState<ObjectReader>()
  useEffect(() => {
    const opened = new ObjectReader(path)
    setReader(opened)
    return () => opened.close()
  }, [path])
  useEffect(() => reader?.want(resourceVersion), [reader, resourceVersion])
  const reading = useSyncExternalStore(reader?.subscribe ?? nothing, reader?.getSnapshot ?? pending)
  return [reading, () => reader?.retry()]
}

const nothing = () => () => {}
const notYet: Reading = { isReading: true }
const pending = () => notYet

function versionOf(object: Json | undefined): string | undefined {
  const { metadata } = (object ?? {}) as { metadata?: { resourceVersion?: string } }
  return metadata?.resourceVersion
}

async function get(path: string, end: AbortSignal): Promise<{ object?: Json; failure?: Failure }> {
  let response: Response
  let body: unknown
  try {
    response = await fetch(path, {
      headers: { accept: 'application/json' },
      // A Secret must not stay on disk.
      cache: 'no-store',
      redirect: 'manual',
      signal: AbortSignal.any([end, AbortSignal.timeout(deadline)]),
    })
    body = parse(await response.text())
  } catch (error) {
    const late = error instanceof DOMException && error.name === 'TimeoutError'
    return { failure: { text: late ? 'The server did not answer in time' : 'The server cannot be reached' } }
  }
  if (response.type === 'opaqueredirect') return { failure: { text: 'The server asks to sign in' } }
  const { status } = response
  if (response.ok) {
    return isObject(body) ? { object: body } : { failure: { text: 'What came is no object', httpStatus: status } }
  }
  const quote = isObject(body) && body.kind === 'Status' && typeof body.message === 'string' ? body.message : undefined
  return { failure: { text: refusals[status] ?? 'The server refused', httpStatus: status, ...(quote && { quote }) } }
}

const refusals: Record<number, string> = {
  401: 'The server does not know you',
  403: 'You may not read this object',
  404: 'The server has no such object',
  429: 'The server asks to slow down',
  503: 'The server is not available',
}

/** As JSON.parse, but whole numbers beyond 2⁵³ stay what they are where the browser can tell them. */
function parse(text: string): unknown {
  const exact = (_key: string, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? '')
      ? BigInt(context?.source ?? 0)
      : value
  try {
    return JSON.parse(text, exact)
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
