import { useEffect, useLayoutEffect, useRef, useState, type RefObject } from 'react'

export interface WindowRows {
  /** For the element that is as high as all rows together. */
  readonly ref: RefObject<HTMLDivElement | null>
  /** The first row to render. */
  readonly first: number
  /** The one after the last row to render. */
  readonly end: number
  /** Scrolls the window so that a row can be seen. */
  readonly reveal: (index: number) => void
}

/** Rows above and below the window that are rendered too, so that a quick scroll shows no gap. */
const overscan = 8

/** Which of `count` rows of one height are in the window: only these are in the document, whatever `count` is. */
export function useWindowRows({ count, rowHeight }: { count: number; rowHeight: number }): WindowRows {
  const ref = useRef<HTMLDivElement>(null)
  const [[first, end], setRange] = useState<readonly [number, number]>([0, 30])
  const measure = () => {
    const top = ref.current?.getBoundingClientRect().top ?? 0
    const from = Math.max(0, Math.floor(-top / rowHeight) - overscan)
    const to = Math.min(count, Math.ceil((innerHeight - top) / rowHeight) + overscan)
    setRange((range) => (range[0] === from && range[1] === to ? range : [from, to]))
  }
  useLayoutEffect(measure)
  useEffect(() => {
    addEventListener('scroll', measure, { passive: true })
    addEventListener('resize', measure)
    return () => {
      removeEventListener('scroll', measure)
      removeEventListener('resize', measure)
    }
  })
  const reveal = (index: number) => {
    const top = (ref.current?.getBoundingClientRect().top ?? 0) + index * rowHeight
    const bottom = top + rowHeight
    const margin = rowHeight + 72
    if (top < margin) scrollBy(0, top - margin)
    else if (bottom > innerHeight - margin) scrollBy(0, bottom - innerHeight + margin)
  }
  return { ref, first, end: Math.min(end, count), reveal }
}
