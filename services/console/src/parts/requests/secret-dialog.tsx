import { Alert, Button, Group, Modal, Stack, Tabs, Text } from '@mantine/core'
import { IconKey } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { CodeBlock } from './code-block.tsx'
import { CopyButton } from './copy-button.tsx'
import classes from './secret-dialog.module.css'
import { snippets } from './snippets.ts'

type Props = { secret: string | null; note?: string; onClose: () => void }

/** Shows the secret once, with samples that verify signatures. Only its button closes it, so that it is not closed by accident. */
export function SecretDialog({ secret, note, onClose }: Props) {
  const { t } = useTranslation()
  return (
    <Modal
      opened={secret !== null}
      onClose={onClose}
      title={t('secret.title')}
      size="lg"
      withCloseButton={false}
      closeOnClickOutside={false}
      closeOnEscape={false}
    >
      <Stack>
        <Alert icon={<IconKey aria-hidden />} color="yellow" variant="outline">
          {t('secret.once')} {note}
        </Alert>
        <div className={classes.secret}>
          <code data-testid="secret">{secret}</code>
          <CopyButton text={secret ?? ''} />
        </div>
        <Text size="sm">{t('secret.verify')}</Text>
        <Tabs defaultValue={snippets[0]?.language}>
          <Tabs.List aria-label={t('secret.languages')}>
            {snippets.map(({ language }) => (
              <Tabs.Tab key={language} value={language}>
                {language}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          {snippets.map(({ language, install, code }) => (
            <Tabs.Panel key={language} value={language} pt="sm">
              <CodeBlock text={`${install}\n\n${code}`} label={language} />
            </Tabs.Panel>
          ))}
        </Tabs>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('secret.kept')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
