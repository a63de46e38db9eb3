// The columns that the page shows: those of the view, and the namespace where the table spans several.
import type { Column, Row } from 'kube-watchlist'
import { cellText } from './cells'

export interface ShownColumn {
  readonly column: Column
  /** Index in a row's cells; `namespace` is read from the row's metadata. */
  readonly from: number | 'namespace'
}

/** A table with thousands of columns is somebody's mistake; the page shows the first and says so. */
export const mostColumns = 60

const namespaceColumn: Column = {
  name: 'Namespace',
  type: 'string',
  format: '',
  description: 'The namespace of the object.',
  priority: 0,
}

/** The first column stays in place when the table scrolls sideways, so the name comes before the namespace. */
export function shownColumns(columns: readonly Column[], withNamespace: boolean): readonly ShownColumn[] {
  const shown: ShownColumn[] = columns.slice(0, mostColumns).map((column, from) => ({ column, from }))
  if (withNamespace && shown.length > 0 && !columns.some((column) => column.name === 'Namespace')) {
    shown.splice(1, 0, { column: namespaceColumn, from: 'namespace' })
  }
  return shown
}

export function shownText(shown: ShownColumn, row: Row): string {
  return shown.from === 'namespace' ? row.meta.namespace : cellText(row.cells[shown.from])
}

const narrowest = 56
const widest = 420
const padding = 26

/** Widths in pixels that fit the rows seen so far. They only grow: a column that breathes while one reads is worse. */
export class Widths {
  readonly #measure: (text: string) => number
  #widths = new Map<string, number>()

  constructor(measure: (text: string) => number) {
    this.#measure = measure
  }

  /** Takes rows into account; true if a column grew. */
  fit(columns: readonly ShownColumn[], rows: readonly (Row | undefined)[]): boolean {
    let grew = false
    for (const shown of columns) {
      const { name } = shown.column
      const before = this.#widths.get(name) ?? 0
      let width = Math.max(before, this.#width(name) + 14)
      for (const row of rows) {
        if (row === undefined) continue
        const text = shownText(shown, row)
        // No character is wider than 14 px here: most texts need no measuring.
        if (text.length * 14 + padding > width) width = Math.max(width, this.#width(text))
      }
      width = Math.ceil(Math.min(widest, Math.max(narrowest, width)))
      if (width > before) {
        this.#widths.set(name, width)
        grew = true
      }
    }
    return grew
  }

  /** As `grid-template-columns`; what is left of the page is shared in proportion. */
  template(columns: readonly ShownColumn[]): string {
    return columns
      .map((shown, index) => `minmax(${this.#least(shown, index)}, ${this.#of(shown)}fr)`)
      .join(' ')
  }

  /** Their sum, below which the table scrolls sideways. */
  total(columns: readonly ShownColumn[]): string {
    return `calc(${columns.map((shown, index) => this.#least(shown, index)).join(' + ') || '0px'})`
  }

  /** The name stays in view when the table scrolls sideways: on a phone it must leave room for the others. */
  #least(shown: ShownColumn, index: number): string {
    return index === 0 ? `min(${this.#of(shown)}px, 50vw)` : `${this.#of(shown)}px`
  }

  #of(shown: ShownColumn): number {
    return this.#widths.get(shown.column.name) ?? 120
  }

  #width(text: string): number {
    return this.#measure(text) + padding
  }
}
