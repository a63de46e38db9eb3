import { useMemo, useState } from 'react'
import { timeOfDay } from '../format'

interface Props {
  readonly text: string
  readonly readAt: number | undefined
  readonly secret: boolean
  readonly showValues: boolean
  readonly onShowValues: (show: boolean) => void
}

/** Longer texts are shown in one colour: an element for each line would hold the page up. */
const mostLines = 3000

/** The object's text, which can be read, copied and scrolled by keyboard. */
export function Yaml({ text, readAt, secret, showValues, onShowValues }: Props) {
  const lines = useMemo(() => parseLines(text), [text])
  return (
    <section className="drawer-part drawer-text">
      <div className="drawer-bar">
        <h3>YAML</h3>
        {readAt !== undefined && <small>as of {timeOfDay(readAt)}, without managedFields</small>}
        {secret && (
          <button type="button" className="button" aria-pressed={showValues} onClick={() => onShowValues(!showValues)}>
            {showValues ? 'Hide values' : 'Show values'}
          </button>
        )}
        <CopyButton text={text} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <pre className="yaml" role="region" tabIndex={0} aria-label="The object as YAML">
        {lines === undefined
          ? text
          : lines.map(({ key, rest }, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place
              <span key={index}>
                {key && <b>{key}</b>}
                {rest}
                {'\n'}
              </span>
            ))}
      </pre>
    </section>
  )
}

function CopyButton({ text }: { readonly text: string }) {
  const [copied, setCopied] = useState<string>()
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setCopied(text),
      () => setCopied(undefined),
    )
  return (
    <button type="button" className="button" onClick={() => void copy()}>
      {copied === text ? 'Copied' : 'Copy'}
    </button>
  )
}

interface Line {
  /** Up to the colon of a key, with its indent. */
  readonly key: string
  readonly rest: string
}

/** A key may have colons in it, but no space behind one. */
const keyed = /^(\s*(?:- )*(?:"(?:[^"\\]|\\.)*"|[^\s"'#[\]{}|>-][^:]*(?::[^\s:][^:]*)*):)(?:\s|$)/

/** The keys of what `stringify` wrote; lines of a text in several lines have none, whatever they look like. */
export function parseLines(text: string): readonly Line[] | undefined {
  const lines = text.trimEnd().split('\n')
  if (lines.length > mostLines) return undefined
  /** The indent of the key whose value is a text in several lines. */
  let inside: number | undefined
  return lines.map((line) => {
    const indent = line.search(/\S/)
    if (inside !== undefined && (indent < 0 || indent > inside)) return { key: '', rest: line }
    inside = undefined
    const [, key = ''] = keyed.exec(line) ?? []
    const rest = line.slice(key.length)
    if (/^(\s*- )*\s*[|>][-+\d]*$/.test(rest)) inside = indent
    return { key, rest }
  })
}
