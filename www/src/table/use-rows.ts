import { useVirtualizer, type Virtualizer } from '@tanstack/react-virtual'
import { type RefObject, useCallback, useEffect, useRef, useState } from 'react'

export const rowHeight = 28
export const headHeight = 30

/**
 * Browsers clip what is taller than some 17 (Firefox) or 33 million pixels. A taller table is laid out in this height
 * and scrolled in proportion.
 */
const tallest = 15_000_000

/** The virtualizer lays out this many rows at a time, so that one pod more or less does not lay out a million anew. */
const block = 1024

export interface RowsInView {
  /** Indices of the rows to draw. */
  readonly indices: readonly number[]
  /** Height of the element that scrolls, in pixels. */
  readonly height: number
  /** Where a row is drawn in it. */
  top(index: number): number
  scrollTo(index: number): void
}

/** Which of `count` rows are in view of the scrolling element, and where they are drawn. */
export function useRows(count: number, scroller: RefObject<HTMLDivElement | null>): RowsInView {
  const wanted = count * rowHeight
  const height = Math.min(wanted, tallest)
  // Of the rows' own part of the viewport, below the header: the last row must end at its end.
  const viewport = useClientHeight(scroller) - headHeight
  const scale = wanted <= tallest ? 1 : (wanted - viewport) / (height - viewport)
  const scaleNow = useRef(scale)
  scaleNow.current = scale
  const [scrolled, setScrolled] = useState(0)

  const observeOffset = useCallback(
    (
      virtualizer: Virtualizer<HTMLDivElement, Element>,
      report: (offset: number, scrolling: boolean) => void,
    ) => {
      const element = virtualizer.scrollElement
      if (!element) return
      const read = () => {
        // Rows of a scaled table move against their element while it scrolls, so every step draws.
        if (scaleNow.current !== 1) setScrolled(element.scrollTop)
        report(element.scrollTop * scaleNow.current, false)
      }
      read()
      element.addEventListener('scroll', read, { passive: true })
      return () => element.removeEventListener('scroll', read)
    },
    [],
  )

  const virtualizer = useVirtualizer({
    count: Math.ceil(count / block) * block,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 10,
    observeElementOffset: observeOffset,
    scrollToFn: (offset, _options, { scrollElement }) => scrollElement?.scrollTo({ top: offset / scale }),
  })

  const shift = scale === 1 ? 0 : scrolled * (scale - 1)
  return {
    indices: virtualizer.getVirtualIndexes().filter((index) => index < count),
    height,
    top: (index) => index * rowHeight - shift,
    scrollTo: (index) => {
      const element = scroller.current
      if (!element) return
      const offset = element.scrollTop * scale
      const visible = element.clientHeight - headHeight
      const start = index * rowHeight
      if (start < offset) element.scrollTop = start / scale
      else if (start + rowHeight > offset + visible) element.scrollTop = (start + rowHeight - visible) / scale
    },
  }
}

function useClientHeight(element: RefObject<HTMLElement | null>): number {
  const [height, setHeight] = useState(0)
  useEffect(() => {
    const observed = element.current
    if (!observed) return
    const observer = new ResizeObserver(() => setHeight(observed.clientHeight))
    observer.observe(observed)
    return () => observer.disconnect()
  }, [element])
  return height
}
