import type { Row } from 'kube-watchlist'
import { useRef } from 'react'
import { ticks } from './cells'
import { type ShownColumn, shownText } from './columns'

/** For each column the turn in which its cell last changed; none for a cell that never did. */
export type Flashes = readonly (number | undefined)[]

interface Seen {
  readonly row: Row
  readonly flashes: Flashes
}

const none: Flashes = []

/**
 * Which cells of the rows in the window changed while they were looked at. A row that scrolls into the window is no
 * news, and neither is an age that ticks: only a new resourceVersion is.
 */
export class FlashTracker {
  #columns: readonly ShownColumn[] = []
  #seen = new Map<string, Seen>()
  #turn = 0

  /** Takes the rows of the window as they are now. */
  look(columns: readonly ShownColumn[], rows: readonly (Row | undefined)[]): void {
    if (columns !== this.#columns) this.#seen.clear()
    this.#columns = columns
    this.#turn += 1
    const next = new Map<string, Seen>()
    for (const row of rows) {
      if (row !== undefined) next.set(row.key, this.#advance(row))
    }
    this.#seen = next
  }

  of(row: Row): Flashes {
    return this.#seen.get(row.key)?.flashes ?? none
  }

  #advance(row: Row): Seen {
    const before = this.#seen.get(row.key)
    if (before === undefined) return { row, flashes: none }
    if (before.row === row) return before
    if (before.row.meta.resourceVersion === row.meta.resourceVersion) return { row, flashes: before.flashes }
    const flashes = this.#columns.map((shown, index) => {
      const changed = !ticks(shown.column) && shownText(shown, before.row) !== shownText(shown, row)
      return changed ? this.#turn : before.flashes[index]
    })
    return { row, flashes }
  }
}

export function useFlashes(
  columns: readonly ShownColumn[],
  rows: readonly (Row | undefined)[],
): FlashTracker {
  const tracker = useRef<FlashTracker>(null)
  tracker.current ??= new FlashTracker()
  tracker.current.look(columns, rows)
  return tracker.current
}
