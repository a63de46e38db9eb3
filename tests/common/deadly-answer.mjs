/**
 * What no server sends: an answer whose status can be read once, and then throws through the module, as a bug in it would.
 * For pages: it stands by itself, so its text can be handed to one.
 */
export function deadlyAnswer() {
  let reads = 0
  return {
    get status() {
      reads += 1
      if (reads > 1) throw new Error('from inside a wasm frame')
      return 200
    },
    headers: new Headers(),
    body: null,
  }
}
