import { Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { useMay } from '../../api/session.tsx'
import type { NotificationStory } from '../../api/types.ts'
import { readable } from '../../format/format.ts'
import { CodeBlock } from '../../parts/requests/code-block.tsx'
import classes from './notification.module.css'

type ChatMessage = {
  id?: string
  from?: string
  fromName?: string
  message?: string
  caption?: string
  button?: string
}

/** The texts of a message as in a chat, then its JSON: what is sent, or else the event. */
export function Content({ story }: { story: NotificationStory }) {
  const { t } = useTranslation()
  const mayRead = useMay('webhooks:bodies')
  const { messages = [] } = story.event as { messages?: ChatMessage[] }
  const said = messages.flatMap(({ id, from, fromName, message, caption, button }) => {
    const text = message || caption || button
    const author = (mayRead && fromName) || t(`author.${toAuthor(from)}`)
    return text ? [{ id, from, text: mayRead ? text : t('masked.text'), author }] : []
  })
  return (
    <>
      {said.length > 0 && (
        <ul className={classes.bubbles} aria-label={t('story.texts')}>
          {said.map(({ id, from, text, author }) => (
            <li key={id} className={classes.bubble} data-from={from}>
              <span className={classes.author}>{author}</span>
              {text}
            </li>
          ))}
        </ul>
      )}
      {story.body === null ? (
        <>
          <Text size="sm" mb="xs">
            {t('story.noBody')}
          </Text>
          <CodeBlock label={t('story.eventBody')} text={JSON.stringify(story.event, null, 2)} />
        </>
      ) : (
        <CodeBlock label={t('attempt.body')} text={readable(story.body)} />
      )}
    </>
  )
}

function toAuthor(from: string | undefined): 'user' | 'bot' | 'operator' {
  return from === 'bot' || from === 'operator' ? from : 'user'
}
