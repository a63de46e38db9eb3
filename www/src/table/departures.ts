// Rows that are gone stay for some seconds, struck through, where they stood: a row that vanishes under one's eyes is
// never found again. The view knows nothing of it; only what was in its window is kept here.
import type { Row, TableWatch, View, ViewSnapshot } from 'kube-watchlist'
import { useEffect, useMemo, useSyncExternalStore } from 'react'

/** How long, in milliseconds. */
const linger = 4000

export interface Departed {
  readonly row: Row
  /** It is drawn above the row that the view has at this position. */
  readonly before: number
  /** Keys of what stood around it, which is found again when the order changes. */
  readonly above: string | undefined
  readonly below: string | undefined
  readonly until: number
}

export interface Shown {
  readonly snapshot: ViewSnapshot
  /** By their places. */
  readonly departed: readonly Departed[]
}

/** The snapshots of a view, each a moment later where a row has to be looked for first, and with it the rows that are gone. */
export class Departures {
  readonly #watch: TableWatch
  readonly #view: View
  readonly #listeners = new Set<() => void>()
  #shown: Shown
  /** Without a filter: tells rows that are gone from rows that pass no longer. */
  #all: View | undefined
  #stop: (() => void) | undefined
  #asking = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(watch: TableWatch, view: View) {
    this.#watch = watch
    this.#view = view
    this.#shown = { snapshot: view.getSnapshot(), departed: [] }
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    this.#stop ??= this.#view.subscribe(() => this.#look())
    this.#look()
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size > 0) return
      this.#stop?.()
      this.#stop = undefined
      clearTimeout(this.#timer)
    }
  }

  readonly getSnapshot = (): Shown => this.#shown

  /** A filter is in force, or is no longer. */
  expectFilter(filtered: boolean): void {
    if (filtered) {
      this.#all ??= this.#watch.view({ columns: [] })
    } else {
      this.#all?.close()
      this.#all = undefined
    }
  }

  /** Whether the object is in the table no more, with or without the filter. */
  async isGone(key: string): Promise<boolean> {
    try {
      if ((await this.#view.indexOf(key)) >= 0) return false
      if (this.#all === undefined) return true
      // Before its order is there it finds nothing.
      const { version, count, total } = this.#all.getSnapshot()
      return version > 0 && count === total && (await this.#all.indexOf(key)) < 0
    } catch {
      // The view was closed, or is started anew: nobody knows.
      return false
    }
  }

  #look(): void {
    // While an answer is awaited nothing is drawn; what came meanwhile is looked at then.
    if (this.#asking || this.#stop === undefined) return
    const next = this.#view.getSnapshot()
    if (next === this.#shown.snapshot) return
    const candidates = vanished(this.#shown.snapshot, next)
    if (candidates.length === 0) {
      this.#show(next, [])
      return
    }
    this.#asking = true
    void Promise.all(candidates.map(({ row }) => this.isGone(row.key))).then((gone) => {
      this.#asking = false
      if (this.#stop === undefined) return
      this.#show(
        next,
        candidates.filter((_, index) => gone[index]),
      )
      this.#look()
    })
  }

  #show(next: ViewSnapshot, gone: readonly Omit<Departed, 'until'>[]): void {
    const now = Date.now()
    const kept = next.columns === this.#shown.snapshot.columns ? this.#shown.departed : []
    const departed = [...kept, ...gone.map((row) => ({ ...row, until: now + linger }))]
      .filter(({ until }) => until > now)
      .map((row) => ({ ...row, before: placeOf(row, next) }))
      .sort((a, b) => a.before - b.before)
    this.#shown = { snapshot: next, departed }
    this.#wake(now)
    for (const listener of [...this.#listeners]) listener()
  }

  /** Draws again when the next row has been there long enough. */
  #wake(now: number): void {
    clearTimeout(this.#timer)
    if (this.#shown.departed.length === 0) return
    const first = Math.min(...this.#shown.departed.map(({ until }) => until))
    this.#timer = setTimeout(
      () => {
        if (!this.#asking) this.#show(this.#shown.snapshot, [])
        else this.#wake(Date.now())
      },
      Math.max(20, first - now),
    )
  }
}

/** Follows a view, and what leaves it. */
export function useDepartures(watch: TableWatch, view: View, filtered: boolean): [Shown, Departures] {
  const departures = useMemo(() => new Departures(watch, view), [watch, view])
  useEffect(() => {
    departures.expectFilter(filtered)
    return () => departures.expectFilter(false)
  }, [departures, filtered])
  return [useSyncExternalStore(departures.subscribe, departures.getSnapshot), departures]
}

/** Rows of the window that are not where they would be if nothing but their neighbours had changed. */
function vanished(before: ViewSnapshot, next: ViewSnapshot): Omit<Departed, 'until'>[] {
  if (before.columns !== next.columns) return []
  const last = next.first + next.rows.length
  const reachesEnd = last >= next.count
  const keys = new Set(next.rows.map((row) => row?.key))
  const stayed = (row: Row | undefined) => row !== undefined && keys.has(row.key)
  return before.rows.flatMap((row, index) => {
    const at = before.first + index
    // What was struck through while the order was held has been seen.
    if (row === undefined || row.removed || keys.has(row.key)) return []
    if (at < next.first || (at >= last && !reachesEnd)) return []
    const above = before.rows.slice(0, index).findLast(stayed)?.key
    const below = before.rows.slice(index + 1).find(stayed)?.key
    return [{ row, before: at, above, below }]
  })
}

function placeOf({ before, above, below }: Omit<Departed, 'until'>, next: ViewSnapshot): number {
  const at = (key: string | undefined) => (key === undefined ? -1 : next.rows.findIndex((row) => row?.key === key))
  const [over, under] = [at(above), at(below)]
  if (under >= 0) return next.first + under
  if (over >= 0) return next.first + over + 1
  return Math.min(before, next.count)
}

/** Where rows are drawn: those of the view, and between them those that are gone. */
export class Places {
  /** All of them. */
  readonly count: number
  readonly #departed: readonly Departed[]
  readonly #snapshot: ViewSnapshot

  constructor({ snapshot, departed }: Shown) {
    this.#snapshot = snapshot
    this.#departed = departed
    this.count = snapshot.count + departed.length
  }

  /** The place of a row of the view. */
  of(index: number): number {
    return index + this.#departed.filter(({ before }) => before <= index).length
  }

  /** The row of the view that is drawn at a place, or at the next one that has one. */
  toView(place: number): number {
    return place - this.#departed.filter(({ before }, index) => before + index < place).length
  }

  /** What is drawn at a place; no row where it has not come yet. */
  at(place: number): { readonly row: Row | undefined; readonly gone: boolean } {
    const departed = this.#departed.find(({ before }, index) => before + index === place)
    if (departed) return { row: departed.row, gone: true }
    const row = this.#snapshot.rows[this.toView(place) - this.#snapshot.first]
    return { row, gone: row?.removed === true }
  }
}
