import { count } from '../format'
import { applyKey } from './Grid'

interface Props {
  /** Moves, arrivals and departures that wait. */
  readonly pending: number
  /** Because of a row that has the focus; else because of a menu. */
  readonly byRow: boolean
  readonly onApply: () => void
}

/** Says that the order stands still, how much waits for it, and lets it go on. */
export function Waiting({ pending, byRow, onApply }: Props) {
  if (pending === 0) return null
  return (
    <p className="waiting">
      {byRow ? 'The order holds while you are at a row; Esc leaves it.' : 'The order holds while the menu is open.'}
      <button
        type="button"
        className="button"
        // Who comes here by Tab has left the row, and the order follows again: for the keyboard there is the key.
        tabIndex={-1}
        aria-keyshortcuts={applyKey}
        // The row keeps the focus, and so the order holds on.
        onPointerDown={(event) => event.preventDefault()}
        onMouseDown={(event) => event.preventDefault()}
        onClick={onApply}
      >
        Apply {pending === 1 ? '1 change' : `${count(pending)} changes`}
        <kbd>{applyKey}</kbd>
      </button>
    </p>
  )
}
