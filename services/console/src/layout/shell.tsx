import { Group } from '@mantine/core'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, NavLink, Outlet, useParams } from 'react-router'
import { useSession, useSessionState } from '../api/session.tsx'
import { useChanges } from '../api/stream/changes.ts'
import { loaded } from '../parts/page/loaded.tsx'
import { Connection } from './connection.tsx'
import { LanguageMenu } from './language-menu.tsx'
import { SchemeToggle } from './scheme-toggle.tsx'
import { SearchField } from './search-field.tsx'
import classes from './shell.module.css'
import { useKeptFocus } from './use-kept-focus.ts'
import { usePageFocus } from './use-page-focus.ts'
import { UserMenu } from './user-menu.tsx'

// Loaded when needed, to keep the first page small.
const BusinessSwitcher = loaded('business-switcher', () => import('./business-switcher.tsx'), [])
const SessionEnded = loaded('session-ended', () => import('./session-ended.tsx'), [])

const sections = ['webhooks', 'account', 'audit'] as const
/** Operators, who may see every business, get an overview of all of them. */
const operatorSections = ['overview', ...sections] as const

/** Header and navigation around every page of a business. */
export function Shell() {
  const { t } = useTranslation()
  const { businessId = '' } = useParams()
  const session = useSession()
  const { phase } = useSessionState()
  const stream = useChanges(businessId)
  const main = useRef<HTMLElement>(null)
  usePageFocus(main)
  useKeptFocus(main)
  return (
    <>
      <a className={classes.skip} href="#content">
        {t('shell.skip')}
      </a>
      <header className={classes.header}>
        <div className={classes.bar}>
          <Link to="/" className={classes.brand} aria-label="Hookline">
            <img src="/hookline.svg" alt="" width={24} height={24} />
            <span className={classes.brandName}>Hookline</span>
          </Link>
          <nav className={classes.nav} aria-label={t('shell.navigation')}>
            {(session.businessId === '*' ? operatorSections : sections).map((section) => (
              <NavLink key={section} to={section} className={classes.link}>
                {t(`shell.${section}`)}
              </NavLink>
            ))}
          </nav>
          <SearchField businessId={businessId} />
          <Group gap="xs" wrap="nowrap" className={classes.tools}>
            {session.businessId === '*' && <BusinessSwitcher businessId={businessId} />}
            <LanguageMenu />
            <SchemeToggle />
            <UserMenu />
          </Group>
        </div>
        <Connection stream={stream} />
      </header>
      <main ref={main} id="content" className={classes.main} tabIndex={-1}>
        <Outlet />
      </main>
      {phase.kind === 'ended' && <SessionEnded />}
    </>
  )
}
