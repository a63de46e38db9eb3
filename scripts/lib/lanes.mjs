// Work side by side, in order.

/**
 * Does `work` for every item, `count` of them at a time, each beginning after those before it have begun. One that says `alone`
 * waits for all before it, and those after it wait for it. Resolves to the results in the order of the items.
 *
 * @template {{ readonly alone?: boolean }} Item
 * @template Result
 * @param {readonly Item[]} items
 * @param {number} count
 * @param {(item: Item) => Promise<Result>} work
 * @returns {Promise<Result[]>}
 */
export async function inLanes(items, count, work) {
  const results = []
  const running = new Set()
  for (const item of items) {
    while (running.size >= (item.alone ? 1 : count)) await Promise.race(running)
    const result = work(item)
    results.push(result)
    const done = result.then(() => running.delete(done))
    running.add(done)
    if (item.alone) await done
  }
  return Promise.all(results)
}
