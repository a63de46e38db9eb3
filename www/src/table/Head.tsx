import type { Sort } from 'kube-watchlist'
import { isNumeric } from './cells'
import type { ShownColumn } from './columns'

interface Props {
  readonly columns: readonly ShownColumn[]
  readonly sort: Sort | undefined
  readonly onSort: (sort: Sort | undefined) => void
}

/** The header: each column a button that sorts up, then down, then not at all. */
export function Head({ columns, sort, onSort }: Props) {
  return (
    <div role="rowgroup" className="head">
      <div role="row" className="row row-head" aria-rowindex={1}>
        {columns.map(({ column, from }, index) => {
          const sorted = sort?.column === column.name ? (sort.descending ? 'descending' : 'ascending') : undefined
          return (
            <div
              key={column.name}
              role="columnheader"
              className={`cell${index === 0 ? ' cell-name' : ''}${isNumeric(column) ? ' cell-number' : ''}`}
              aria-colindex={index + 1}
              aria-sort={sorted ?? 'none'}
            >
              {/* By namespace is the order that a table has where none is asked for. */}
              {from === 'namespace' ? (
                <span className="heading">{column.name}</span>
              ) : (
                <button
                  type="button"
                  className="heading"
                  title={column.description || undefined}
                  onClick={() => onSort(nextSort(column.name, sort))}
                >
                  {column.name}
                  <span className="sort-mark" aria-hidden="true">
                    {sorted === 'ascending' ? '▲' : sorted === 'descending' ? '▼' : ''}
                  </span>
                </button>
              )}
            </div>
          )
        })}
      </div>
    </div>
  )
}

function nextSort(column: string, sort: Sort | undefined): Sort | undefined {
  if (sort?.column !== column) return { column, descending: false }
  return sort.descending ? undefined : { column, descending: true }
}
