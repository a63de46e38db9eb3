import type { Client, Column, TableWatch } from 'kube-watchlist'
import { useEffect, useId, useMemo, useRef, useState } from 'react'
import { formatObject, type ObjectName } from '../address'
import type { Resource } from '../discovery'
import { timeOfDay } from '../format'
import { useStatus } from '../status/use-status'
import { Events } from './Events'
import { eventsOf, linksOf, pathOf } from './links'
import { type Reading, useObject } from './reader'
import { isSecret, objectText } from './text'
import { useRow } from './use-row'
import { Yaml } from './Yaml'

interface Props {
  readonly client: Client
  /** The table in which the object is, which says when it has changed. */
  readonly watch: TableWatch
  readonly columns: readonly Column[]
  readonly resource: { readonly group: string; readonly version: string; readonly resource: string }
  readonly object: ObjectName
  readonly resources: readonly Resource[]
  readonly onClose: () => void
}

/** One object beside the table: where it belongs, what was recorded of it, and the object itself. */
export default function Drawer(props: Props) {
  const [again, setAgain] = useState(0)
  const { object, onClose } = props
  const title = useId()
  const close = useRef<HTMLButtonElement>(null)
  const name = formatObject(object)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another object is another opening
  useEffect(() => close.current?.focus({ preventScroll: true }), [name])
  return (
    <section
      className="drawer"
      role="dialog"
      aria-labelledby={title}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.preventDefault()
        onClose()
      }}
    >
      <header className="drawer-head">
        <h2 id={title}>
          {object.name}
          <small>{props.resource.resource}</small>
        </h2>
        <button ref={close} type="button" className="button" aria-keyshortcuts="Escape" onClick={onClose}>
          Close
        </button>
      </header>
      <Opened key={`${name}#${again}`} {...props} onAgain={() => setAgain(again + 1)} />
    </section>
  )
}

function Opened({
  client,
  watch,
  columns,
  resource,
  object,
  resources,
  onAgain,
}: Props & { readonly onAgain: () => void }) {
  const { row, gone, replaced } = useRow(watch, object, columns)
  const [reading, retry] = useObject(pathOf(resource, object), row?.meta.resourceVersion)
  const [showValues, setShowValues] = useState(false)
  const read = reading.object
  const text = useMemo(() => read && objectText(read, showValues), [read, showValues])
  const links = useMemo(() => (read ? linksOf(read, resources) : []), [read, resources])
  const events = useMemo(() => read && eventsOf(read), [read])
  // The table may learn of it after the server has said so.
  const deleted = gone || (read !== undefined && reading.failure?.httpStatus === 404)
  const leaving = !deleted && row?.meta.deletionTimestamp !== undefined
  const stale = useStatus(watch).staleSince !== undefined

  return (
    <div className="drawer-body" data-gone={deleted || undefined}>
      {deleted ? (
        <p className="drawer-note" data-tone="bad" role="status">
          Deleted. This is what it was when it was read last{reading.readAt && `, at ${timeOfDay(reading.readAt)}`}.
          {replaced && (
            <button type="button" className="button" onClick={onAgain}>
              Show the new one of this name
            </button>
          )}
        </p>
      ) : (
        <>
          {leaving && (
            <p className="drawer-note" data-tone="wait">
              It is being deleted.
            </p>
          )}
          {read && stale && (
            <p className="drawer-note" data-tone="wait">
              The table is not live: whether this has changed since is not known.
            </p>
          )}
          <FailureNote reading={reading} onRetry={retry} />
        </>
      )}
      {links.length > 0 && (
        <dl className="drawer-links">
          {links.map(({ label, text: shown, href }) => (
            <div key={`${label} ${shown}`}>
              <dt>{label}</dt>
              <dd>{href ? <a href={href}>{shown}</a> : shown}</dd>
            </div>
          ))}
        </dl>
      )}
      {text !== undefined && read && (
        <Yaml
          text={text}
          readAt={reading.readAt}
          secret={isSecret(read)}
          showValues={showValues}
          onShowValues={setShowValues}
        />
      )}
      {events && <Events client={client} about={events} />}
    </div>
  )
}

function FailureNote({ reading, onRetry }: { readonly reading: Reading; readonly onRetry: () => void }) {
  const { failure, object, isReading } = reading
  if (failure === undefined) return object === undefined ? <p className="drawer-note">Reading it…</p> : null
  return (
    <div className="drawer-note" data-tone="bad" role="alert">
      <p>
        {failure.text}
        {failure.httpStatus !== undefined && ` (HTTP ${failure.httpStatus})`}
        {object && '; below is what it was before'}
      </p>
      {failure.quote && <q>{failure.quote}</q>}
      <button type="button" className="button" disabled={isReading} onClick={onRetry}>
        Try again
      </button>
    </div>
  )
}
