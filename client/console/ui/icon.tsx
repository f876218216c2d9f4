/**
 * Stroke icons on a grid of 24. All are decoration: the name stands in text beside them, or in the label of what holds
 * them.
 */
const paths = {
  alert: 'M12 4.5 21 20H3L12 4.5ZM12 10.5v4M12 17.3v.1',
  bell: 'M6 16V10.5a6 6 0 0 1 12 0V16l1.8 2.2H4.2L6 16ZM10 20.5a2.2 2.2 0 0 0 4 0',
  check: 'm4.5 12.5 5 5L19.5 7',
  chevron: 'm9 5.5 6.5 6.5L9 18.5',
  clock: 'M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17ZM12 7.5V12l3 2',
  close: 'm6 6 12 12M18 6 6 18',
  code: 'm8 7-5 5 5 5M16 7l5 5-5 5M13.5 5l-3 14',
  copy: 'M9 9h10.5v10.5H9zM15 9V4.5H4.5V15H9',
  device: 'M3.5 5h17v11.5h-17zM9 20h6M12 16.5V20',
  download: 'M12 4v11M7 10.5l5 5 5-5M4.5 19.5h15',
  edit: 'M4.5 19.5 5.5 15 16 4.5l3.5 3.5L9 18.5l-4.5 1ZM13.5 7l3.5 3.5',
  eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 9.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6Z',
  flame: 'M12 3.5c.5 3.5 5 5.5 5 10a5 5 0 0 1-10 0c0-2 1-3 1.8-4 .4 1.5 1 2 1.7 2.3C10 8.5 10.5 6 12 3.5Z',
  home: 'm4 11.5 8-7 8 7V20h-5.5v-5h-5v5H4v-8.5Z',
  key: 'M8.5 7a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9ZM13 11.5h8.5M18 11.5V15M21 11.5v2.5',
  link: 'M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7L12 7M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7L12 17',
  lifebuoy:
    'M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17ZM12 8.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7ZM6 6l3.5 3.5M14.5 14.5 18 18M18 6l-3.5 3.5M9.5 14.5 6 18',
  list: 'M8.5 6h12M8.5 12h12M8.5 18h12M4 6h.1M4 12h.1M4 18h.1',
  lock: 'M5.5 10.5h13v10h-13zM8.5 10.5V8a3.5 3.5 0 0 1 7 0v2.5M12 14.5v2.5',
  dash: 'M6 12h12',
  mail: 'M3.5 6h17v12h-17zM4 6.5l8 6.5 8-6.5',
  menu: 'M4 7h16M4 12h16M4 17h16',
  offline:
    'M3 3l18 18M5 12.5a10 10 0 0 1 3.5-2.3M2 9a15 15 0 0 1 4-2.6M19 12.5a10 10 0 0 0-4.5-2.7M22 9A15 15 0 0 0 10 5.2M8.5 16a5 5 0 0 1 7 0M12 19.5v.1',
  play: 'M7 4.5v15L19.5 12 7 4.5Z',
  plus: 'M12 5v14M5 12h14',
  rotate: 'M19.5 12a7.5 7.5 0 1 1-2.2-5.3L20 9.4M20 4.5v4.9h-4.9',
  search: 'M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13ZM15.5 15.5l5 5',
  server: 'M4 4.5h16v6H4zM4 13.5h16v6H4zM7.5 7.5v.1M7.5 16.5v.1',
  settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5v5M9 14.5v5',
  shield: 'M12 3.5 19.5 6v6c0 4.5-3.2 7.3-7.5 8.5C7.7 19.3 4.5 16.5 4.5 12V6L12 3.5ZM8.8 12l2.3 2.3 4.2-4.4',
  stop: 'M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17ZM6 18 18 6',
  trash: 'M4.5 7h15M9.5 7V4.5h5V7M6.5 7l.8 13h9.4l.8-13M10 10.5v6M14 10.5v6',
  undo: 'M9 5 4.5 9.5 9 14M4.5 9.5H14a5 5 0 0 1 0 10h-3',
  upload: 'M12 16V5M7 9.5l5-5 5 5M4.5 19.5h15',
  wand: 'M4 20 15 9M17.5 3v4M15.5 5h4M19.5 12v3M18 13.5h3M9 3.5v3M7.5 5h3',
  webhook: 'M9 8a3.5 3.5 0 1 1 4.8 3.2L16 15.5M12 8 8.5 15M6 12.6a3.5 3.5 0 1 0 3.5 4.9h7a3.5 3.5 0 1 0-.5-2',
} as const

export type IconName = keyof typeof paths

/** A picture of 20 px, or `size`, in the colour of the text. */
export function Icon({ name, size = 20 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.7}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={paths[name]} />
    </svg>
  )
}
