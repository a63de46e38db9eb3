/** How much of a wasm module's code each crate takes, by the names of its functions. */

const CODE = 10
const CUSTOM = 0

/** `[crate, bytes]`, largest first; the core by its modules. The module must have its name section (before wasm-opt). */
export function crateSizes(bytes) {
  const sections = [...sectionsOf(bytes)]
  const names = functionNames(bytes, sections)
  const imported = importedFunctions(bytes, sections)
  const totals = new Map()
  const code = sections.find(({ id }) => id === CODE)
  if (code === undefined) return []
  const reader = new Reader(bytes, code.start)
  const count = reader.number()
  for (let index = 0; index < count; index += 1) {
    const size = reader.number()
    const crate = crateOf(names.get(imported + index) ?? '')
    totals.set(crate, (totals.get(crate) ?? 0) + size)
    reader.at += size
  }
  const data = sections.find(({ id }) => id === 11)
  if (data !== undefined) totals.set('(data)', data.end - data.start)
  return [...totals].sort(([, a], [, b]) => b - a)
}

/** The crate that a demangled name begins with; for `<T as Trait>::method` the type's. Exports have no crate in their names. */
function crateOf(name) {
  const plain = name.replaceAll(/\[[0-9a-f]+\]/g, '').replace(/^[<&*\s]*(?:mut |dyn |const )*/, '')
  return /^(kube_watchlist(?:_decode|_store)?::\w+|[a-z_]\w*)(?=::)/.exec(plain)?.[1] ?? '(exports and other)'
}

class Reader {
  constructor(bytes, at) {
    this.bytes = bytes
    this.at = at
  }

  /** An unsigned LEB128. */
  number() {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.at++]
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
  }

  text() {
    const length = this.number()
    const text = Buffer.from(this.bytes.subarray(this.at, this.at + length)).toString()
    this.at += length
    return text
  }
}

function* sectionsOf(bytes) {
  const reader = new Reader(bytes, 8)
  while (reader.at < bytes.length) {
    const id = bytes[reader.at++]
    const size = reader.number()
    yield { id, start: reader.at, end: reader.at + size }
    reader.at += size
  }
}

function functionNames(bytes, sections) {
  const names = new Map()
  for (const { id, start, end } of sections) {
    if (id !== CUSTOM) continue
    const reader = new Reader(bytes, start)
    if (reader.text() !== 'name') continue
    while (reader.at < end) {
      const kind = bytes[reader.at++]
      const size = reader.number()
      const next = reader.at + size
      if (kind === 1) {
        for (let left = reader.number(); left > 0; left -= 1) names.set(reader.number(), reader.text())
      }
      reader.at = next
    }
  }
  return names
}

/** Imported functions come first in the index space. Imports of this module are functions alone but for memories and tables. */
function importedFunctions(bytes, sections) {
  const section = sections.find(({ id }) => id === 2)
  if (section === undefined) return 0
  const reader = new Reader(bytes, section.start)
  let functions = 0
  for (let left = reader.number(); left > 0; left -= 1) {
    reader.text()
    reader.text()
    const kind = bytes[reader.at++]
    if (kind === 0) {
      functions += 1
      reader.number()
    } else if (kind === 3) {
      reader.at += 2
    } else {
      if (kind === 1) reader.at += 1
      const limits = bytes[reader.at++]
      reader.number()
      if ((limits & 1) !== 0) reader.number()
    }
  }
  return functions
}
