import type { Row } from 'kube-watchlist'
import { memo } from 'react'
import { cellTone, isNumeric, ticks } from './cells'
import { type ShownColumn, shownText } from './columns'
import type { Flashes } from './flashes'

interface Props {
  readonly id: string
  readonly row: Row | undefined
  readonly columns: readonly ShownColumn[]
  readonly flashes: Flashes
  /** Counted from 1, the header included, as ARIA counts. */
  readonly ariaIndex: number
  readonly top: number
  readonly active: boolean
  /** Its object is no more. */
  readonly gone: boolean
}

/** One row. Drawn again only when something of it changed: an unchanged row is the same object. */
export const RowView = memo(function RowView({ id, row, columns, flashes, ariaIndex, top, active, gone }: Props) {
  const done = row !== undefined && columns.some((shown) => cellTone(shown.column, shownText(shown, row)) === 'done')
  return (
    <div
      role="row"
      id={id}
      className={rowClass(row, active, gone)}
      aria-rowindex={ariaIndex}
      aria-selected={active}
      aria-description={gone ? 'deleted' : undefined}
      data-key={row?.key}
      style={{ transform: `translateY(${top}px)` }}
    >
      {columns.map((shown, index) => (
        <CellView key={shown.column.name} shown={shown} row={row} index={index} flash={flashes[index]} done={done} />
      ))}
    </div>
  )
})

function rowClass(row: Row | undefined, active: boolean, gone: boolean): string {
  const state = gone ? 'row-gone' : row?.meta.deletionTimestamp && 'row-deleting'
  return ['row', active && 'row-active', state].filter(Boolean).join(' ')
}

interface CellProps {
  readonly shown: ShownColumn
  readonly row: Row | undefined
  readonly index: number
  readonly flash: number | undefined
  readonly done: boolean
}

function CellView({ shown, row, index, flash, done }: CellProps) {
  const { column } = shown
  const text = row === undefined ? '' : shownText(shown, row)
  const kind = ['cell', index === 0 && 'cell-name', isNumeric(column) && 'cell-number', ticks(column) && 'cell-time']
  return (
    <div
      role="gridcell"
      className={kind.filter(Boolean).join(' ')}
      aria-colindex={index + 1}
      data-tone={row && cellTone(column, text, done)}
      title={text.length > 24 ? text : undefined}
    >
      {/* The key starts the fade anew with each change. */}
      <span key={flash} className={flash === undefined ? 'text' : 'text flash'}>
        {text}
      </span>
    </div>
  )
}
