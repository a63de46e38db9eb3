/** The module of the package, whose memory may not grow beyond `pages` of 64 KiB: a machine that has no more. */
export async function limitedModule(pages) {
  const response = await fetch('./kube-watchlist/kube_watchlist_bg.wasm')
  return WebAssembly.compile(limit(new Uint8Array(await response.arrayBuffer()), pages))
}

const MEMORY_SECTION = 5

function limit(bytes, pages) {
  // After the magic and the version: sections, each with a number, a length and what is in it.
  for (let at = 8; at < bytes.length; ) {
    const [length, start] = number(bytes, at + 1)
    if (bytes[at] === MEMORY_SECTION) {
      // One memory, with or without a maximum.
      const [least] = number(bytes, start + 2)
      const section = [1, 1, ...leb(least), ...leb(pages)]
      const limited = [MEMORY_SECTION, ...leb(section.length), ...section]
      return new Uint8Array([...bytes.subarray(0, at), ...limited, ...bytes.subarray(start + length)])
    }
    at = start + length
  }
  throw new Error('the module has no memory of its own')
}

/** A number in LEB128 at `at`, and where it ends. */
function number(bytes, at) {
  let value = 0
  for (let shift = 0; ; shift += 7) {
    value += (bytes[at] & 0x7f) * 2 ** shift
    if (bytes[at++] < 0x80) return [value, at]
  }
}

function leb(value) {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)]
}
