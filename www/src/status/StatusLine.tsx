import type { TableWatch, WatchStatus } from 'kube-watchlist'
import { useRef } from 'react'
import { count } from '../format'
import { describe } from './describe'
import { useNow, useSnapshotBytes } from './use-status'

interface Props {
  readonly watch: TableWatch
  readonly status: WatchStatus
  readonly noun: string
  readonly rows: number
  /** What went wrong is said in the table's place. */
  readonly brief: boolean
}

/** The one line that says what the table is worth now; below it, why it is not as one would wish. */
export function StatusLine({ watch, status, noun, rows, brief }: Props) {
  const now = useNow(status.phase === 'live' || status.staleSince !== undefined || status.nextRetryAt !== undefined)
  const { tone, badge, sentence, silence, notes, canRetry } = describe(
    status,
    { noun, rows, snapshotBytes: useSnapshotBytes(status) },
    now,
  )
  return (
    <section className="status" data-tone={tone} data-phase={status.phase} aria-label="Status">
      {/* Only the phase is announced: a counter that ticks would never let a screen reader finish. */}
      <span className="badge" role="status">
        <span className="badge-dot" aria-hidden="true" />
        {badge}
      </span>
      <span className="sentence">{sentence}</span>
      {silence && <span className="silence">{silence}</span>}
      <SnapshotChange status={status} />
      {canRetry && !brief && (
        <button type="button" className="button" onClick={() => watch.retry()}>
          Retry
        </button>
      )}
      {notes.length > 0 && !brief && (
        <ul className="notes">
          {notes.map((note) => (
            <li key={`${note.tone}${note.quote ?? note.text.slice(0, 8)}`} data-tone={note.tone}>
              <span>{note.text}</span>
              {note.quote && <q>{note.quote}</q>}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

/** What a new snapshot changed against the one before: shown after a resync, so nobody wonders what was missed. */
function SnapshotChange({ status }: { readonly status: WatchStatus }) {
  const change = status.lastSnapshot && JSON.stringify(status.lastSnapshot)
  const first = useRef(change)
  // The first one changed nothing that anybody had seen.
  first.current ??= change
  if (status.phase !== 'live' || status.lastSnapshot === undefined || change === first.current) return null
  const { added, changed, removed } = status.lastSnapshot
  return (
    <span className="snapshot-change">
      resynced: {count(added)} added, {count(changed)} changed, {count(removed)} removed
    </span>
  )
}
