import { Button, Stack, Text, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSessionState } from '../../api/session.tsx'
import { useProblemText } from '../../parts/texts/problem-text.ts'
import { oidcPath, readToken } from './one-time-token.ts'

/** Sign-in through the organisation's login, where there is one, or with a one-time link. */
export function SignInForm({ login }: { login: 'oidc' | 'none' }) {
  const { t } = useTranslation()
  const { signIn } = useSessionState()
  const toText = useProblemText()
  const [pasted, setPasted] = useState('')
  const [error, setError] = useState<unknown>(null)
  const [isBusy, setBusy] = useState(false)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    signIn(readToken(pasted))
      .then(() => setPasted(''), setError)
      .finally(() => setBusy(false))
  }
  return (
    <Stack>
      {login === 'oidc' && (
        <Button component="a" href={oidcPath(window.location)}>
          {t('login.oidc')}
        </Button>
      )}
      <form onSubmit={submit}>
        <Stack gap="sm">
          <TextInput
            label={t('login.link')}
            description={t('login.linkHelp')}
            placeholder="https://.../login#..."
            autoComplete="off"
            required
            value={pasted}
            onChange={(event) => setPasted(event.target.value)}
            error={error === null ? undefined : toText(error)}
          />
          <Button type="submit" loading={isBusy} variant={login === 'oidc' ? 'default' : 'filled'}>
            {t('login.signIn')}
          </Button>
        </Stack>
      </form>
      {login === 'none' && (
        <Text size="xs" c="dimmed">
          {t('login.where')}
        </Text>
      )}
    </Stack>
  )
}
