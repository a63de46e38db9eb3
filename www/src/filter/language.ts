// The language of the filter box: `web status:Pending,Failed label:app=shop` is a text, allowed values of a column,
// and a label selector. A word whose name is no column is text. Quotes hold what spaces and commas would part.
import type { Column, Filter } from 'kube-watchlist'

interface Word {
  readonly name?: string
  /** The value as it is typed, quotes and all. */
  readonly raw: string
}

export function parseFilter(typed: string, columns: readonly Column[]): Filter {
  const text: string[] = []
  const allowed: Record<string, string[]> = {}
  let labelSelector: string | undefined
  for (const word of words(typed)) {
    const column = word.name === undefined ? undefined : findColumn(word.name, columns)
    if (column) {
      const wanted = values(word)
      if (wanted.length > 0) allowed[column.name] = [...(allowed[column.name] ?? []), ...wanted]
    } else if (word.name === 'label') {
      const selector = unquoted(word)
      if (selector) labelSelector = labelSelector ? `${labelSelector},${selector}` : selector
    } else {
      text.push(word.name === undefined ? unquoted(word) : `${word.name}:${unquoted(word)}`)
    }
  }
  return {
    ...(text.length > 0 && { text: text.join(' ') }),
    ...(Object.keys(allowed).length > 0 && { columns: allowed }),
    ...(labelSelector !== undefined && { labelSelector }),
  }
}

/** The values of a column that the filter allows; none: all. */
export function allowedValues(typed: string, column: string): readonly string[] {
  return words(typed)
    .filter((word) => word.name !== undefined && sameName(word.name, column))
    .flatMap(values)
}

/** The filter with a value of a column allowed, or no longer. */
export function toggleValue(typed: string, column: string, value: string): string {
  const allowed = allowedValues(typed, column)
  const next = allowed.includes(value) ? allowed.filter((other) => other !== value) : [...allowed, value]
  const rest = words(typed)
    .filter((word) => word.name === undefined || !sameName(word.name, column))
    .map(write)
  if (next.length > 0) rest.push(write({ name: shortName(column), raw: next.map(quoted).join(',') }))
  return rest.join(' ')
}

function words(typed: string): Word[] {
  return [...typed.matchAll(/(?:([\w-]+):)?((?:"[^"]*"?|[^\s"])*)/g)]
    .filter(([whole]) => whole !== '')
    .map(([, name, raw = '']) => (name === undefined ? { raw } : { name: name.toLowerCase(), raw }))
}

/** The values of a word, which commas part. */
function values(word: Word): string[] {
  return [...word.raw.matchAll(/"([^"]*)"?|([^",]+)/g)].map((match) => match[1] ?? match[2] ?? '').filter(Boolean)
}

function unquoted(word: Word): string {
  return word.raw.replaceAll('"', '')
}

function quoted(value: string): string {
  return /[\s,]/.test(value) ? `"${value.replaceAll('"', '')}"` : value.replaceAll('"', '')
}

function write(word: Word): string {
  return word.name === undefined ? word.raw : `${word.name}:${word.raw}`
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
