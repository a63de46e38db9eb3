/**
 * Slows a page down as `SLOW` says: `SLOW=4 node --test tests/client/*.test.mjs` gives each a quarter of its processor, which finds
 * what holds on a quick machine alone.
 */
export async function slowDown(page) {
  const rate = Number(process.env.SLOW ?? 1)
  if (!(rate >= 1)) throw new Error(`SLOW is ${process.env.SLOW}: a number from 1 on`)
  if (rate === 1) return
  const session = await page.context().newCDPSession(page)
  await session.send('Emulation.setCPUThrottlingRate', { rate })
}
