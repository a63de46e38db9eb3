// The values of a column with their counts. The table's own views do the counting: one view sorted by the column is
// read at the start of each run of equal values, and one filtered view a value counts that run. Nothing else is read.
import type { TableWatch, View } from 'kube-watchlist'
import { cellText } from '../table/cells'
import { settled } from '../table/find-row'

export interface Facet {
  readonly value: string
  readonly count: number
}

/** More values than this are no facets, but names. */
const mostValues = 12

/** How long the views of the values and the sorted one get to show the same rows, in milliseconds. */
const moment = 50

/** New values are looked for this often. */
const interval = 4000

export class FacetCounter {
  readonly #watch: TableWatch
  readonly #column: string
  readonly #report: (facets: readonly Facet[]) => void
  readonly #sorted: View
  readonly #views = new Map<string, View>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #closed = false
  /** All values were met once: some of them alone would be taken for all. */
  #walked = false

  constructor(watch: TableWatch, column: string, report: (facets: readonly Facet[]) => void) {
    this.#watch = watch
    this.#column = column
    this.#report = report
    this.#sorted = watch.view({ columns: [column], sort: [{ column }] })
    void this.#look()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#sorted.close()
    for (const view of this.#views.values()) view.close()
  }

  /** Walks over the runs of equal values; where each begins is the sum of the counts before it. */
  async #look(): Promise<void> {
    const met = new Set<string>()
    // Rows move under the walk: a value that was met before is read again a moment later, at what is its end by then.
    for (let again = 0; !this.#closed && again < 20; ) {
      let at = 0
      for (const value of met) at += await this.#countOf(value)
      const value = await this.#valueAt(at)
      if (value === undefined) break
      if (met.has(value)) {
        again += 1
        await new Promise((resolve) => setTimeout(resolve, moment))
      } else if (this.#views.size === mostValues && !this.#views.has(value)) break
      met.add(value)
    }
    if (this.#closed) return
    this.#walked = true
    this.#tell()
    this.#timer = setTimeout(() => void this.#look(), interval)
  }

  async #valueAt(index: number): Promise<string | undefined> {
    this.#sorted.setWindow(index, index + 1)
    const snapshot = await settled(
      this.#sorted,
      (now) => index >= now.count || (now.first === index && now.rows[0] !== undefined),
    )
    const row = snapshot?.first === index ? snapshot.rows[0] : undefined
    return row && cellText(row.cells[0])
  }

  async #countOf(value: string): Promise<number> {
    const known = this.#views.get(value)
    if (known) return known.getSnapshot().count
    const view = this.#watch.view({
      columns: [this.#column],
      filter: { columns: { [this.#column]: [value] } },
    })
    this.#views.set(value, view)
    view.setWindow(0, 0)
    view.subscribe(() => this.#walked && this.#tell())
    return (await settled(view, (now) => now.count > 0))?.count ?? 0
  }

  #tell(): void {
    if (this.#closed) return
    const facets = [...this.#views].map(([value, view]) => ({ value, count: view.getSnapshot().count }))
    this.#report(facets.filter((facet) => facet.count > 0).sort((a, b) => b.count - a.count))
  }
}
