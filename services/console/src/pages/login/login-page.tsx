import { Text } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { useSessionState } from '../../api/session.tsx'
import { Failure } from '../../parts/page/failure.tsx'
import { Standalone } from '../../parts/page/standalone.tsx'
import { SignInForm } from './sign-in-form.tsx'

/** Sign-in page. At /login#<token>, the one-time link, it signs in by itself. */
export function LoginPage({ login }: { login: 'oidc' | 'none' }) {
  const { t } = useTranslation()
  const { signIn } = useSessionState()
  const navigate = useNavigate()
  const [error, setError] = useState<unknown>(null)
  const isUsed = useRef(false)
  useEffect(() => {
    const token = window.location.pathname === '/login' ? window.location.hash.slice(1) : ''
    if (token === '' || isUsed.current) return
    isUsed.current = true
    // Removes the token from the address bar and the history: it works once.
    void navigate('/login', { replace: true })
    signIn(token).catch(setError)
  }, [signIn, navigate])
  return (
    <Standalone>
      <Text size="sm">{t('login.intro')}</Text>
      {error !== null && <Failure error={error} />}
      <SignInForm login={login} />
    </Standalone>
  )
}
