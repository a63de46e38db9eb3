// Numbers, sizes and times for people.

const whole = new Intl.NumberFormat('en')
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' })

export function count(value: number): string {
  return whole.format(value)
}

/** Decimal units, as networks are measured. */
export function bytes(value: number): string {
  if (value < 1000) return `${value} B`
  if (value < 1e6) return `${Math.round(value / 1e3)} kB`
  if (value < 1e9) return `${(value / 1e6).toFixed(value < 1e7 ? 1 : 0)} MB`
  return `${(value / 1e9).toFixed(1)} GB`
}

/** How often a second: one decimal where whole numbers would hide the difference. */
export function rate(value: number): string {
  return value < 10 && !Number.isInteger(value) ? value.toFixed(1) : count(Math.round(value))
}

/** How long something took. */
export function took(milliseconds: number): string {
  if (milliseconds < 100) return `${Math.max(1, Math.round(milliseconds))} ms`
  return milliseconds < 60_000 ? `${(milliseconds / 1000).toFixed(1)} s` : ago(milliseconds)
}

/** How long something lasts by now, in whole seconds. */
export function ago(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

export function timeOfDay(at: number): string {
  return clock.format(at)
}
