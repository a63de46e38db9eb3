// The language of the filter box: `web status:Pending,Failed label:app=shop` is a text, allowed values of a column,
// and a label selector. A word whose name is no column is text.
import type { Column, Filter } from 'kube-watchlist'

interface Word {
  readonly name?: string
  readonly value: string
}

export function parseFilter(typed: string, columns: readonly Column[]): Filter {
  const text: string[] = []
  const values: Record<string, string[]> = {}
  let labelSelector: string | undefined
  for (const word of words(typed)) {
    const column = word.name === undefined ? undefined : findColumn(word.name, columns)
    if (column) {
      const wanted = word.value.split(',').filter(Boolean)
      if (wanted.length > 0) values[column.name] = [...(values[column.name] ?? []), ...wanted]
    } else if (word.name === 'label') {
      if (word.value) labelSelector = labelSelector ? `${labelSelector},${word.value}` : word.value
    } else {
      text.push(word.name === undefined ? word.value : `${word.name}:${word.value}`)
    }
  }
  return {
    ...(text.length > 0 && { text: text.join(' ') }),
    ...(Object.keys(values).length > 0 && { columns: values }),
    ...(labelSelector !== undefined && { labelSelector }),
  }
}

/** The values of a column that the filter allows; none: all. */
export function allowedValues(typed: string, column: string): readonly string[] {
  return words(typed)
    .filter((word) => word.name !== undefined && sameName(word.name, column))
    .flatMap((word) => word.value.split(',').filter(Boolean))
}

/** The filter with a value of a column allowed, or no longer. */
export function toggleValue(typed: string, column: string, value: string): string {
  const allowed = allowedValues(typed, column)
  const next = allowed.includes(value) ? allowed.filter((other) => other !== value) : [...allowed, value]
  const rest = words(typed)
    .filter((word) => word.name === undefined || !sameName(word.name, column))
    .map(write)
  if (next.length > 0) rest.push(write({ name: shortName(column), value: next.join(',') }))
  return rest.join(' ')
}

function words(typed: string): Word[] {
  const found: Word[] = []
  for (const match of typed.matchAll(/(?:([\w-]+):)?(?:"([^"]*)"?|(\S+))/g)) {
    const value = match[2] ?? match[3] ?? ''
    found.push(match[1] === undefined ? { value } : { name: match[1].toLowerCase(), value })
  }
  return found
}

function write(word: Word): string {
  const value = /[\s"]/.test(word.value) ? `"${word.value.replaceAll('"', '')}"` : word.value
  return word.name === undefined ? value : `${word.name}:${value}`
}

/** `Up-to-date` is typed as `up-to-date`, `Nominated Node` as `nominated-node`. */
function shortName(column: string): string {
  return column.toLowerCase().replaceAll(/[^\w]+/g, '-')
}

function sameName(typed: string, column: string): boolean {
  return typed.toLowerCase() === shortName(column)
}

function findColumn(typed: string, columns: readonly Column[]): Column | undefined {
  return columns.find((column) => sameName(typed, column.name))
}
