import { useTranslator } from '../../i18n/i18n-context.tsx'
import type { Message } from '../../i18n/messages.ts'
import { cx } from '../../ui/cx.ts'
import { Icon, type IconName } from '../../ui/icon.tsx'
import { Card, Grid, Page } from '../../ui/page.tsx'
import styles from './knowledge.module.css'
import { knowledgeMessages as m } from './knowledge.messages.ts'

interface Part {
  readonly title: Message
  readonly icon: IconName
  readonly tone: 'good' | 'warn' | null
  readonly points: readonly Message[]
}

const parts: readonly Part[] = [
  { title: m.seesNot, icon: 'lock', tone: 'good', points: [m.seesNot1, m.seesNot2, m.seesNot3] },
  { title: m.sees, icon: 'eye', tone: null, points: [m.sees1, m.sees2, m.sees3] },
  { title: m.cannot, icon: 'shield', tone: 'good', points: [m.cannot1, m.cannot2, m.cannot3, m.cannot4] },
  { title: m.can, icon: 'alert', tone: 'warn', points: [m.can1, m.can2, m.can3, m.can4] },
  { title: m.local, icon: 'device', tone: null, points: [m.local1, m.local2, m.local3, m.local4] },
]

/** The powers and limits of the key server: docs/threat-model.md in the words of its user. */
export function Knowledge() {
  const { t } = useTranslator()
  return (
    <Page title={t(m.title)} lead={t(m.lead)}>
      <Grid>
        {parts.map(({ title, icon, tone, points }) => (
          <Card key={icon + points.length.toString()} title={t(title)}>
            <ul className={cx(styles.list, tone !== null && styles[tone])}>
              {points.map((point, index) => (
                <li key={index}>
                  <Icon name={icon} size={18} />
                  {t(point)}
                </li>
              ))}
            </ul>
          </Card>
        ))}
      </Grid>
    </Page>
  )
}
