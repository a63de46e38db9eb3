import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react'
import { useMenuHolds } from '../table/holding'

export interface Choice {
  readonly value: string
  readonly text: string
  /** Shown beside the text, and searched too. */
  readonly hint?: string
  readonly group?: string
  readonly disabled?: boolean
}

interface Props {
  readonly label: string
  readonly value: string
  /** What the closed picker says. */
  readonly shown: string
  readonly choices: readonly Choice[]
  /** Said above the choices: they are still coming, or why some are missing. */
  readonly note?: string | undefined
  /** A typed value that is no choice may be taken all the same. */
  readonly free?: boolean
  readonly onPick: (value: string) => void
}

/** More are not drawn; typing narrows. */
const most = 300

/** A searchable list: a button that opens a combobox with a list box. */
export function Picker({ label, value, shown, choices, note, free = false, onPick }: Props) {
  const [open, setOpen] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  useMenuHolds(open)

  useEffect(() => {
    if (!open) return
    const close = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false)
    }
    document.addEventListener('pointerdown', close)
    document.addEventListener('focusin', close)
    return () => {
      document.removeEventListener('pointerdown', close)
      document.removeEventListener('focusin', close)
    }
  }, [open])

  const close = () => {
    setOpen(false)
    button.current?.focus()
  }
  return (
    <div className="picker" ref={root}>
      <button
        ref={button}
        type="button"
        className="picker-button"
        aria-haspopup="listbox"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <span className="picker-label" data-obvious={!free || undefined}>
          {label}
        </span>{' '}
        <span className="picker-value">{shown}</span>
        <span className="picker-mark" aria-hidden="true">
          ▾
        </span>
      </button>
      {open && (
        <PickerList
          label={label}
          value={value}
          choices={choices}
          note={note}
          free={free}
          onClose={close}
          onPick={(picked) => {
            onPick(picked)
            close()
          }}
        />
      )}
    </div>
  )
}

interface ListProps extends Omit<Props, 'shown' | 'free'> {
  readonly free: boolean
  readonly onClose: () => void
}

function PickerList({ label, value, choices, note, free, onPick, onClose }: ListProps) {
  const id = useId()
  const [typed, setTyped] = useState('')
  const found = useMemo(() => search(choices, typed, free), [choices, typed, free])
  const [at, setAt] = useState(() =>
    Math.max(
      0,
      found.findIndex((choice) => choice.value === value),
    ),
  )
  const list = useRef<HTMLUListElement>(null)
  const current = Math.min(at, found.length - 1)

  // biome-ignore lint/correctness/useExhaustiveDependencies: the list is scrolled when another choice is current
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [current])

  const onKeyDown = (event: KeyboardEvent) => {
    const choice = found[current]
    if (event.key === 'Escape') onClose()
    else if (event.key === 'ArrowDown') setAt(Math.min(found.length - 1, current + 1))
    else if (event.key === 'ArrowUp') setAt(Math.max(0, current - 1))
    else if (event.key === 'Enter' && choice && !choice.disabled) onPick(choice.value)
    else return
    event.preventDefault()
  }
  return (
    <div className="picker-panel">
      <input
        // The panel opens for its search field.
        // biome-ignore lint/a11y/noAutofocus: see above
        autoFocus
        type="text"
        role="combobox"
        className="picker-search"
        placeholder={`Search ${label.toLowerCase()}s`}
        aria-label={`Search ${label.toLowerCase()}s`}
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={current >= 0 ? `${id}-${current}` : undefined}
        autoComplete="off"
        spellCheck={false}
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value)
          setAt(0)
        }}
        onKeyDown={onKeyDown}
      />
      {note && <p className="picker-note">{note}</p>}
      <ul ref={list} id={`${id}-list`} role="listbox" aria-label={label} className="picker-list">
        {found.map((choice, index) => (
          <li
            key={choice.value}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === current}
            aria-disabled={choice.disabled}
            data-current={choice.value === value || undefined}
            data-group={choice.group !== found[index - 1]?.group ? choice.group : undefined}
            onClick={() => !choice.disabled && onPick(choice.value)}
          >
            <span>{choice.text}</span>
            {choice.hint && <span className="picker-hint">{choice.hint}</span>}
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className="picker-note">Nothing like that here.</p>}
      {found.length === most && <p className="picker-note">The first {most}; type to narrow.</p>}
    </div>
  )
}

function search(choices: readonly Choice[], typed: string, free: boolean): readonly Choice[] {
  const wanted = typed.trim().toLowerCase()
  const found: Choice[] = []
  for (const choice of choices) {
    if (found.length === most) break
    if (`${choice.text} ${choice.hint ?? ''} ${choice.group ?? ''}`.toLowerCase().includes(wanted)) found.push(choice)
  }
  if (free && wanted && !choices.some((choice) => choice.value === wanted)) {
    found.push({ value: wanted, text: wanted, hint: 'as typed' })
  }
  return found
}
