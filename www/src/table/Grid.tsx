import type { Sort, View, ViewSnapshot } from 'kube-watchlist'
import { type KeyboardEvent, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { mostColumns, shownColumns, Widths } from './columns'
import { useFlashes } from './flashes'
import { Head } from './Head'
import { RowView } from './RowView'
import { headHeight, rowHeight, useRows } from './use-rows'

interface Props {
  readonly view: View
  readonly snapshot: ViewSnapshot
  readonly label: string
  /** The table spans namespaces: show of which each object is. */
  readonly withNamespace: boolean
  readonly sort: Sort | undefined
  readonly onSort: (sort: Sort | undefined) => void
  /** The rows are old. */
  readonly stale: boolean
}

/** The live table. Only the rows in view exist as elements; their numbers are told to assistive technology. */
export function Grid({ view, snapshot, label, withNamespace, sort, onSort, stale }: Props) {
  const id = useId()
  const scroller = useRef<HTMLDivElement>(null)
  const { count } = snapshot
  const columns = useMemo(() => shownColumns(snapshot.columns, withNamespace), [snapshot.columns, withNamespace])
  const rows = useRows(count, scroller)
  const first = rows.indices[0] ?? 0
  const last = (rows.indices.at(-1) ?? -1) + 1
  useLayoutEffect(() => view.setWindow(first, Math.max(last, first + 1)), [view, first, last])

  const flashes = useFlashes(columns, snapshot.rows)
  const template = useTemplate(columns, snapshot)
  const [active, setActive] = useActive(view, snapshot)
  const hidden = snapshot.columns.length - mostColumns

  const move = (index: number) => {
    const to = Math.min(count - 1, Math.max(0, index))
    setActive(to)
    rows.scrollTo(to)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    // A header's button keeps its own keys.
    if (event.target !== event.currentTarget) return
    const page = Math.max(1, Math.floor(((scroller.current?.clientHeight ?? 0) - headHeight) / rowHeight) - 1)
    const from = active ?? -1
    const to = {
      ArrowDown: from + 1,
      ArrowUp: from - 1,
      PageDown: from + page,
      PageUp: from - page,
      Home: 0,
      End: count - 1,
    }[event.key]
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    move(to)
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
        aria-activedescendant={active !== undefined && active >= first && active < last ? `${id}-${active}` : undefined}
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
            const row = (event.target as Element).closest('[aria-rowindex]')
            if (row) setActive(Number(row.getAttribute('aria-rowindex')) - 2)
          }}
        >
          {rows.indices.map((index) => {
            const row = snapshot.rows[index - snapshot.first]
            return (
              <RowView
                key={row?.key ?? `place-${index}`}
                id={`${id}-${index}`}
                row={row}
                columns={columns}
                flashes={row ? flashes.of(row) : []}
                ariaIndex={index + 2}
                top={rows.top(index)}
                active={index === active}
              />
            )
          })}
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

/** The row that the keyboard is at. It follows its object when the order changes. */
function useActive(view: View, snapshot: ViewSnapshot): [number | undefined, (index: number | undefined) => void] {
  const [active, setActive] = useState<{ index: number; key: string | undefined }>()
  const here = active && snapshot.rows[active.index - snapshot.first]?.key
  useEffect(() => {
    if (active === undefined || here === undefined || here === active.key) return
    if (active.key === undefined) {
      setActive({ index: active.index, key: here })
      return
    }
    let superseded = false
    void view.indexOf(active.key).then((index) => {
      // Its object is gone: the keyboard stays where it is, at the row that moved up.
      if (!superseded) setActive(index < 0 ? { index: active.index, key: here } : { index, key: active.key })
    })
    return () => {
      superseded = true
    }
  }, [view, active, here])
  const set = (index: number | undefined) =>
    setActive(index === undefined ? undefined : { index, key: snapshot.rows[index - snapshot.first]?.key })
  return [active && active.index < snapshot.count ? active.index : undefined, set]
}

function textMeasure(): (text: string) => number {
  const context = document.createElement('canvas').getContext('2d')
  if (!context) return (text) => text.length * 7
  const { fontFamily } = getComputedStyle(document.body)
  // Names and signs of trouble are bold; the others have a little more room.
  context.font = `600 13px ${fontFamily}`
  return (text) => context.measureText(text).width
}
