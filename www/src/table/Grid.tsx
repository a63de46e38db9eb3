import type { Row, Sort, View, ViewSnapshot } from 'kube-watchlist'
import { type KeyboardEvent, type RefObject, useEffect, useId, useLayoutEffect, useMemo, useRef } from 'react'
import { mostColumns, shownColumns, Widths } from './columns'
import type { Places } from './departures'
import { useFlashes } from './flashes'
import { Head } from './Head'
import { RowView } from './RowView'
import { headHeight, rowHeight, useRows } from './use-rows'
import type { Selection } from './use-selection'

/** Lets the moves that wait take place, while a row has the focus. */
export const applyKey = 'u'

const unchanged: readonly undefined[] = []

interface Props {
  readonly element: RefObject<HTMLDivElement | null>
  readonly view: View
  readonly snapshot: ViewSnapshot
  readonly places: Places
  readonly selection: Selection
  /** A place to bring into view, once for each of these objects. */
  readonly reveal: { readonly place: number } | undefined
  readonly onOpen: (row: Row) => void
  readonly onEscape: () => void
  /** Lets the moves that wait take place. */
  readonly onApply: () => void
  readonly label: string
  /** The table spans namespaces: show of which each object is. */
  readonly withNamespace: boolean
  readonly sort: Sort | undefined
  readonly onSort: (sort: Sort | undefined) => void
  /** The rows are old. */
  readonly stale: boolean
}

/** The live table. Only the rows in view exist as elements; their numbers are told to assistive technology. */
export function Grid(props: Props) {
  const { element: scroller, view, snapshot, places, selection, label, withNamespace, sort, onSort, stale } = props
  const id = useId()
  const { count } = places
  const columns = useMemo(() => shownColumns(snapshot.columns, withNamespace), [snapshot.columns, withNamespace])
  const rows = useRows(count, scroller)
  const first = places.toView(rows.indices[0] ?? 0)
  const last = places.toView((rows.indices.at(-1) ?? -1) + 1)
  useLayoutEffect(() => view.setWindow(first, Math.max(last, first + 1)), [view, first, last])

  const flashes = useFlashes(columns, snapshot.rows)
  const template = useTemplate(columns, snapshot)
  const hidden = snapshot.columns.length - mostColumns
  const drawn = rows.indices.map((place) => ({ place, ...places.at(place) }))
  // By its key: an order that changed is drawn before the place is known.
  const isActive = ({ place, row }: { place: number; row: Row | undefined }) =>
    selection.key === undefined ? place === selection.place : row?.key === selection.key
  const active = drawn.find(isActive)

  const scrollTo = useRef(rows.scrollTo)
  scrollTo.current = rows.scrollTo
  const { reveal } = props
  useEffect(() => {
    if (reveal) scrollTo.current(reveal.place)
  }, [reveal])

  const move = (index: number) => {
    const to = Math.min(count - 1, Math.max(0, index))
    selection.select(to)
    rows.scrollTo(to)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    // A header's button keeps its own keys.
    if (event.target !== event.currentTarget) return
    if (event.altKey || event.ctrlKey || event.metaKey) return
    const page = Math.max(1, Math.floor(((scroller.current?.clientHeight ?? 0) - headHeight) / rowHeight) - 1)
    const from = active?.place ?? selection.place ?? -1
    const to = {
      ArrowDown: from + 1,
      ArrowUp: from - 1,
      PageDown: from + page,
      PageUp: from - page,
      Home: 0,
      End: count - 1,
    }[event.key]
    if (to !== undefined) move(to)
    else if (event.key === 'Enter' && active?.row) props.onOpen(active.row)
    else if (event.key === 'Escape') props.onEscape()
    else if (event.key === applyKey) props.onApply()
    else return
    event.preventDefault()
  }

  return (
    <>
      <div
        ref={scroller}
        className="grid"
        data-stale={stale || undefined}
        role="grid"
        aria-label={label}
        aria-rowcount={count + 1}
        aria-colcount={columns.length}
        aria-busy={stale}
        aria-activedescendant={active && `${id}-${active.place}`}
        tabIndex={0}
        onKeyDown={onKeyDown}
        style={{ '--columns': template.columns, '--width': template.width } as React.CSSProperties}
      >
        <Head columns={columns} sort={sort} onSort={onSort} />
        <div
          role="rowgroup"
          className="body"
          style={{ height: rows.height }}
          onClick={(event) => {
            // Who marks text wants to copy it.
            if (getSelection()?.type === 'Range') return
            const index = (event.target as Element).closest('[aria-rowindex]')?.getAttribute('aria-rowindex')
            if (!index) return
            const place = Number(index) - 2
            selection.select(place)
            const { row } = places.at(place)
            if (row) props.onOpen(row)
          }}
        >
          {drawn.map(({ place, row, gone }) => (
            <RowView
              key={row?.key ?? `place-${place}`}
              id={`${id}-${place}`}
              row={row}
              columns={columns}
              flashes={row && !gone ? flashes.of(row) : unchanged}
              ariaIndex={place + 2}
              top={rows.top(place)}
              active={place === active?.place}
              gone={gone}
            />
          ))}
        </div>
      </div>
      {hidden > 0 && <p className="grid-note">{hidden} more columns are not shown.</p>}
    </>
  )
}

/** The columns' widths, from the texts seen so far. */
function useTemplate(columns: ReturnType<typeof shownColumns>, snapshot: ViewSnapshot) {
  const widths = useRef<Widths>(null)
  widths.current ??= new Widths(textMeasure())
  widths.current.fit(columns, snapshot.rows)
  return { columns: widths.current.template(columns), width: widths.current.total(columns) }
}

function textMeasure(): (text: string) => number {
  const context = document.createElement('canvas').getContext('2d')
  if (!context) return (text) => text.length * 7
  const { fontFamily } = getComputedStyle(document.body)
  // Names and signs of trouble are bold; the others have a little more room.
  context.font = `600 13px ${fontFamily}`
  return (text) => context.measureText(text).width
}
