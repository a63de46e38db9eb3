/** What `work` makes of a name, made once: who asks while it is being made, or later, gets the same. */
export function once(work) {
  const results = new Map()
  return (name) => {
    if (!results.has(name)) results.set(name, work(name))
    return results.get(name)
  }
}
