// The status of a watch in words. Pure: a status, what is watched and the time go in, sentences come out.
import type { Format, Mode, Phase, Reason, WatchStatus } from 'kube-watchlist'
import { ago, bytes, count, timeOfDay, took } from '../format'

export type Tone = 'live' | 'busy' | 'old' | 'trouble' | 'idle'

export interface Note {
  readonly tone: Tone
  readonly text: string
  /** The server's own sentence. */
  readonly quote?: string
}

export interface Description {
  readonly tone: Tone
  readonly badge: string
  /** How the data come, how many they are, what they cost. */
  readonly sentence: string
  /** How long nothing came, where it is live and that is worth a word; else empty. */
  readonly silence: string
  /** Why it is not as one would wish; none when all is well. */
  readonly notes: readonly Note[]
  /** Trying again at once could help. */
  readonly canRetry: boolean
}

export interface Subject {
  /** Plural, as in `10,000 pods`. */
  readonly noun: string
  /** Rows in the table now. */
  readonly rows: number
  /** What the last whole snapshot brought, in bytes; the status counts anew with each attempt. */
  readonly snapshotBytes: number
}

const badges: Record<Phase, string> = {
  connecting: 'Connecting',
  syncing: 'Syncing',
  live: 'Live',
  resuming: 'Resuming',
  stale: 'Stale',
  polling: 'Polling',
  paused: 'Paused',
  auth: 'Signed out',
  failed: 'Failed',
  closed: 'Closed',
}

const tones: Record<Phase, Tone> = {
  connecting: 'busy',
  syncing: 'busy',
  live: 'live',
  resuming: 'old',
  stale: 'old',
  polling: 'live',
  paused: 'idle',
  auth: 'trouble',
  failed: 'trouble',
  closed: 'idle',
}

/** A silence of so many milliseconds is worth a word. */
const quiet = 5_000

const modes: Record<Mode, string> = { watchlist: 'WatchList', 'list+watch': 'List+Watch', poll: 'Poll' }
const formats: Record<Format, string> = { table: 'Table', metadata: 'Metadata', object: 'Object' }

export function describe(status: WatchStatus, subject: Subject, now: number): Description {
  const { phase } = status
  const old = status.staleSince !== undefined
  return {
    tone: old && phase !== 'failed' && phase !== 'auth' ? 'old' : tones[phase],
    badge: badges[phase],
    sentence: sentence(status, subject),
    silence: silence(status, now),
    notes: notes(status, now),
    canRetry: phase === 'failed' || phase === 'auth' || phase === 'paused' || status.nextRetryAt !== undefined,
  }
}

/** `WatchList/Table`. The form is unknown until the first object came. */
export function way(status: WatchStatus): string {
  return status.format === undefined ? modes[status.mode] : `${modes[status.mode]}/${formats[status.format]}`
}

/** What a sync has brought so far: `4,312 pods · 11.2 MB`. */
export function progress(status: WatchStatus, noun: string): string {
  const { objects, bytes: size, total } = status.progress
  const objectsText = total === undefined ? `${count(objects)} ${noun}` : `${count(objects)} of ${count(total)} ${noun}`
  return `${objectsText} · ${bytes(size)}`
}

function sentence(status: WatchStatus, subject: Subject): string {
  const syncing = status.phase === 'syncing' || status.phase === 'connecting'
  if (syncing && status.staleSince === undefined) return `${way(status)} · ${progress(status, subject.noun)}`
  const rows = `${count(subject.rows)} ${subject.noun}`
  if (status.syncDurationMs === undefined) return subject.rows > 0 ? `${way(status)} · ${rows}` : way(status)
  return `${way(status)} · ${rows} in ${took(status.syncDurationMs)} · ${bytes(subject.snapshotBytes)}`
}

/** A quiet stream and a dead one look alike until the watchdog judges; how long nothing came is known at once. */
function silence(status: WatchStatus, now: number): string {
  if (status.phase !== 'live' || status.staleSince !== undefined || status.lastEventAt === undefined) return ''
  const silent = now - status.lastEventAt
  return silent < quiet ? '' : `last event ${ago(silent)} ago`
}

function notes(status: WatchStatus, now: number): Note[] {
  const found: Note[] = []
  if (status.staleSince !== undefined) {
    const doing = status.phase === 'syncing' ? `; a new snapshot is coming: ${progress(status, 'objects')}` : ''
    found.push({
      tone: 'old',
      text: `These rows are old: stale since ${timeOfDay(status.staleSince)} (${ago(now - status.staleSince)})${doing}`,
    })
  }
  if (status.error) {
    const tone = status.phase === 'failed' || status.phase === 'auth' ? 'trouble' : 'old'
    found.push({ tone, ...explain(status.error) })
  }
  if (status.nextRetryAt !== undefined) {
    const left = Math.ceil((status.nextRetryAt - now) / 1000)
    found.push({ tone: 'old', text: left > 0 ? `Next try in ${left} s` : 'Trying again' })
  }
  if (status.fallbackReason && status.error?.code !== status.fallbackReason.code) {
    const { text, quote } = explain(status.fallbackReason)
    found.push({ tone: 'idle', text: `${modes[status.mode]} because: ${text}`, ...(quote && { quote }) })
  }
  return found
}

/** A reason in words: what it means for the person before the page, and the server's own sentence where it said one. */
export function explain(reason: Reason): { readonly text: string; readonly quote?: string } {
  const suffix = reason.httpStatus === undefined ? '' : ` (HTTP ${reason.httpStatus})`
  const text = `${titles[reason.code] ?? sentenceCase(reason.kubernetes ? 'the server refused' : reason.message)}${suffix}`
  return reason.kubernetes ? { text, quote: reason.message } : { text }
}

function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

const titles: Record<string, string> = {
  forbidden: 'You may not watch this',
  gone: 'The server forgot the version that we had',
  'not-found': 'The server has no such resource',
  throttled: 'The server asks to slow down',
  unavailable: 'The server is not available',
  unauthorized: 'The server does not know you',
  'watchlist-unsupported': 'The server does not stream lists',
}
