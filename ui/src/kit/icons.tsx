/** The icons: 20 px box, 1.5 px outline, round caps; smaller ones have a bolder line, so that it stays near 1.4 px. */

import styles from "./icons.module.css";

const SHAPES = {
  administration: (
    <>
      <circle cx="10" cy="10" r="2.6" />
      <path d="M10 2.5v2.2M10 15.3v2.2M2.5 10h2.2M15.3 10h2.2M4.7 4.7l1.6 1.6M13.7 13.7l1.6 1.6M15.3 4.7l-1.6 1.6M6.3 13.7l-1.6 1.6" />
      <circle cx="10" cy="10" r="5.3" />
    </>
  ),
  audit: (
    <>
      <path d="M5 2.8h7l3.5 3.5v10.9H5z" />
      <path d="M12 2.8v3.5h3.5M7.5 9.5h5.5M7.5 12.5h5.5" />
    </>
  ),
  bolt: <path d="M11 2.5 4.5 11.3h4.7L8.5 17.5 15.5 8.5h-4.9z" />,
  branch: (
    <>
      <path d="M10 2.8 17.2 10 10 17.2 2.8 10z" />
      <path d="M8.3 8.6a1.7 1.7 0 1 1 2.5 1.5c-.5.3-.8.6-.8 1.2M10 13.2v.1" />
    </>
  ),
  calendar: (
    <>
      <rect x="3" y="4" width="14" height="13" rx="1.8" />
      <path d="M3 8.2h14M6.8 2.5v3M13.2 2.5v3" />
    </>
  ),
  cards: (
    <>
      <rect x="2.5" y="4" width="15" height="12" rx="2" />
      <path d="M5.5 7.5h5M5.5 10h9M5.5 13h3M10.5 13h4" />
    </>
  ),
  check: <path d="m4 10.5 4 4 8.5-9" />,
  clock: (
    <>
      <circle cx="10" cy="10" r="7.2" />
      <path d="M10 5.8V10l3 2" />
    </>
  ),
  close: <path d="m5 5 10 10M15 5 5 15" />,
  copy: (
    <>
      <rect x="6.5" y="6.5" width="10" height="10.5" rx="1.6" />
      <path d="M13.5 6.5V4.6A1.6 1.6 0 0 0 11.9 3H5.1a1.6 1.6 0 0 0-1.6 1.6v7.3a1.6 1.6 0 0 0 1.6 1.6h1.4" />
    </>
  ),
  data: (
    <>
      <ellipse cx="10" cy="5" rx="6.5" ry="2.5" />
      <path d="M3.5 5v10c0 1.4 2.9 2.5 6.5 2.5s6.5-1.1 6.5-2.5V5M3.5 10c0 1.4 2.9 2.5 6.5 2.5s6.5-1.1 6.5-2.5" />
    </>
  ),
  done: (
    <>
      <circle cx="10" cy="10" r="7.2" />
      <path d="m6.7 10.3 2.3 2.3 4.4-4.8" />
    </>
  ),
  down: <path d="m4.5 7.5 5.5 5.5 5.5-5.5" />,
  download: <path d="M10 3v10M6 9.5l4 4 4-4M3.5 17h13" />,
  ended: (
    <>
      <circle cx="10" cy="10" r="7.2" />
      <rect x="7" y="7" width="6" height="6" rx="1" />
    </>
  ),
  executions: (
    <>
      <path d="M7.5 5h10M7.5 10h10M7.5 15h10" />
      <circle cx="3.7" cy="5" r="1" />
      <circle cx="3.7" cy="10" r="1" />
      <circle cx="3.7" cy="15" r="1" />
    </>
  ),
  failed: (
    <>
      <path d="M7 2.8h6L17.2 7v6L13 17.2H7L2.8 13V7z" />
      <path d="M10 6.5v4.2M10 13.4v.1" />
    </>
  ),
  filter: <path d="M3 5h14M5.5 10h9M8 15h4" />,
  help: (
    <>
      <circle cx="10" cy="10" r="7.2" />
      <path d="M7.8 8a2.2 2.2 0 1 1 3.3 1.9c-.7.4-1.1.8-1.1 1.6M10 14v.1" />
    </>
  ),
  inbox: (
    <>
      <path d="M3 11.5 5.2 4.6A1.5 1.5 0 0 1 6.6 3.5h6.8a1.5 1.5 0 0 1 1.4 1.1L17 11.5v3a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2z" />
      <path d="M3 11.5h4a3 3 0 0 0 6 0h4" />
    </>
  ),
  info: (
    <>
      <circle cx="10" cy="10" r="7.2" />
      <path d="M10 9v4.5M10 6.4v.1" />
    </>
  ),
  insights: (
    <>
      <path d="M3 17h14" />
      <rect x="4" y="10" width="3" height="7" rx=".6" />
      <rect x="8.7" y="5.5" width="3" height="11.5" rx=".6" />
      <rect x="13.4" y="8" width="3" height="9" rx=".6" />
    </>
  ),
  key: (
    <>
      <circle cx="6.5" cy="13.5" r="3.5" />
      <path d="m9 11 7.5-7.5M13.5 6.5l2.5 2.5M11.5 8.5l1.5 1.5" />
    </>
  ),
  leave: <path d="M8 3H4.6A1.6 1.6 0 0 0 3 4.6v10.8A1.6 1.6 0 0 0 4.6 17H8M13 6.5 16.5 10 13 13.5M16.5 10H7.5" />,
  left: <path d="M12.5 4.5 7 10l5.5 5.5" />,
  link: (
    <path d="M8.5 11.5a3 3 0 0 0 4.3 0l3-3a3 3 0 0 0-4.3-4.3l-1 1M11.5 8.5a3 3 0 0 0-4.3 0l-3 3a3 3 0 0 0 4.3 4.3l1-1" />
  ),
  lock: (
    <>
      <rect x="4" y="8.5" width="12" height="8.5" rx="1.6" />
      <path d="M6.8 8.5V6.2a3.2 3.2 0 0 1 6.4 0v2.3" />
    </>
  ),
  loop: (
    <>
      <path d="M15.8 8A6.3 6.3 0 0 0 4.5 7M4.2 12a6.3 6.3 0 0 0 11.3 1" />
      <path d="M4 3.5V7h3.5M16 16.5V13h-3.5" />
    </>
  ),
  mail: (
    <>
      <rect x="2.5" y="4.5" width="15" height="11" rx="1.8" />
      <path d="m3 6 7 5 7-5" />
    </>
  ),
  minus: <path d="M4 10h12" />,
  more: (
    <>
      <circle cx="4.5" cy="10" r=".9" fill="currentColor" />
      <circle cx="10" cy="10" r=".9" fill="currentColor" />
      <circle cx="15.5" cy="10" r=".9" fill="currentColor" />
    </>
  ),
  note: (
    <>
      <path d="M4 3.5h12v9l-4 4H4z" />
      <path d="M16 12.5h-4v4" />
    </>
  ),
  offline: (
    <path d="M3 3l14 14M5.2 9.2a7 7 0 0 1 2.4-1.6M10.8 7.1a7 7 0 0 1 4 2.1M7.6 11.9a3.6 3.6 0 0 1 4.2-.3M10 15.2v.1" />
  ),
  operations: <path d="M2 10.5h3.5l2-6 4 11 2.2-5H18" />,
  pencil: (
    <>
      <path d="m3 17 .8-3.5L13.5 3.8a1.9 1.9 0 0 1 2.7 2.7L6.5 16.2z" />
      <path d="m12 5.3 2.7 2.7" />
    </>
  ),
  people: (
    <>
      <circle cx="7.5" cy="7" r="2.9" />
      <path d="M2 16.5c.5-3 2.7-4.6 5.5-4.6s5 1.6 5.5 4.6M12.6 4.4a2.9 2.9 0 0 1 0 5.2M14.6 12.4c1.9.6 3.1 2 3.4 4.1" />
    </>
  ),
  person: (
    <>
      <circle cx="10" cy="6.8" r="3.3" />
      <path d="M3.5 17c.6-3.4 3.2-5.2 6.5-5.2s5.9 1.8 6.5 5.2" />
    </>
  ),
  pass: <path d="M3 6.8h13.5L13 3.3M17 13.2H3.5L7 16.7" />,
  play: <path d="M6 4.2v11.6a.8.8 0 0 0 1.2.7l9.2-5.8a.8.8 0 0 0 0-1.4L7.2 3.5A.8.8 0 0 0 6 4.2z" />,
  plus: <path d="M10 4v12M4 10h12" />,
  repeat: (
    <>
      <path d="M16.5 10a6.5 6.5 0 1 1-2-4.7" />
      <path d="M16.8 2.8v3.5h-3.5" />
    </>
  ),
  right: <path d="m7.5 4.5 5.5 5.5-5.5 5.5" />,
  screen: (
    <>
      <rect x="2.5" y="3.5" width="15" height="10" rx="1.6" />
      <path d="M7 17h6M10 13.5V17" />
    </>
  ),
  search: (
    <>
      <circle cx="8.8" cy="8.8" r="5.3" />
      <path d="m12.8 12.8 4.2 4.2" />
    </>
  ),
  send: <path d="m3 3.5 14.5 6.5L3 16.5l2-6.5zM5 10h6" />,
  shield: (
    <>
      <path d="M10 2.5 16 5v4.5c0 3.8-2.4 6.6-6 8-3.6-1.4-6-4.2-6-8V5z" />
      <path d="m7.3 10 2 2 3.5-3.8" />
    </>
  ),
  skip: <path d="M4 4.5v11l8-5.5zM15.5 4.5v11" />,
  stamp: (
    <path d="M10 2.8a2.7 2.7 0 0 0-1.5 4.9c.6.9.5 2.1-.3 3.3H5.5A1.5 1.5 0 0 0 4 12.5V14h12v-1.5a1.5 1.5 0 0 0-1.5-1.5h-2.7c-.8-1.2-.9-2.4-.3-3.3A2.7 2.7 0 0 0 10 2.8zM4.5 17h11" />
  ),
  system: (
    <>
      <path d="M10 2.5 16.5 6v8L10 17.5 3.5 14V6z" />
      <path d="M3.7 6.2 10 9.7l6.3-3.5M10 9.7v7.6" />
    </>
  ),
  table: (
    <>
      <rect x="2.5" y="3.5" width="15" height="13" rx="1.8" />
      <path d="M2.5 8h15M8 8v8.5" />
    </>
  ),
  up: <path d="m4.5 12.5 5.5-5.5 5.5 5.5" />,
  waiting: <path d="M5.5 2.8h9M5.5 17.2h9M6.5 2.8v3L10 10l-3.5 4.2v3M13.5 2.8v3L10 10l3.5 4.2v3" />,
  warning: (
    <>
      <path d="M10 3 17.5 16.5h-15z" />
      <path d="M10 8v4M10 14.3v.1" />
    </>
  ),
  workflows: (
    <>
      <rect x="2.5" y="3" width="6" height="5" rx="1.2" />
      <rect x="11.5" y="12" width="6" height="5" rx="1.2" />
      <path d="M5.5 8v4.5a2 2 0 0 0 2 2h4M8.5 5.5h4a2 2 0 0 1 2 2V12" />
    </>
  ),
} as const;

export type IconName = keyof typeof SHAPES;

const STROKES = { 12: 2.2, 14: 2, 16: 1.8, 20: 1.5, 24: 1.5 } as const;

/** A picture that says nothing of its own: the text beside it does. */
export function Icon({ name, size = 20 }: { name: IconName; size?: keyof typeof STROKES }) {
  return (
    <svg
      className={styles.icon}
      viewBox="0 0 20 20"
      width={size}
      height={size}
      strokeWidth={STROKES[size]}
      aria-hidden="true"
    >
      {SHAPES[name]}
    </svg>
  );
}

/** The sign of the product. */
export function Logo({ size = 24 }: { size?: number }) {
  return (
    <svg className={styles.logo} viewBox="0 0 32 32" width={size} height={size} aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#5b5fc7" />
      <path
        d="M16 16c-2.6-3.6-4.7-5-7-5a5 5 0 0 0 0 10c2.3 0 4.4-1.4 7-5s4.7-5 7-5a5 5 0 0 1 0 10c-2.3 0-4.4-1.4-7-5Z"
        fill="none"
        stroke="#fff"
        strokeWidth="2.6"
        strokeLinejoin="round"
      />
    </svg>
  );
}
