import { Group, NativeSelect, TextInput, UnstyledButton } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { ListedWebhook, WebhookState } from '../../api/types.ts'
import { useFormats } from '../../format/use-formats.ts'
import { StateBadge } from '../../parts/states/state-badge.tsx'
import { countStates, type Order, orders } from './find.ts'
import classes from './list.module.css'

type Props = {
  webhooks: ListedWebhook[]
  text: string
  setText: (text: string) => void
  state: WebhookState | null
  setState: (state: WebhookState | null) => void
  order: Order
  setOrder: (order: Order) => void
}

/** Search, sort order, and the number of webhooks in each state; each number is a filter. */
export function ListTools({ webhooks, text, setText, state, setState, order, setOrder }: Props) {
  const { t } = useTranslation()
  const { count } = useFormats()
  const counts = useMemo(() => countStates(webhooks), [webhooks])
  return (
    <div className={classes.tools}>
      <Group gap="sm" align="flex-end" wrap="nowrap">
        <TextInput
          flex={1}
          label={t('list.search')}
          placeholder={t('list.searchHint')}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <NativeSelect
          label={t('list.order')}
          value={order}
          onChange={(event) => setOrder(event.target.value as Order)}
          data={orders.map((one) => ({ value: one, label: t(`list.orders.${one}`) }))}
        />
      </Group>
      <fieldset className={classes.states} aria-label={t('list.byState')}>
        <UnstyledButton className={classes.filter} aria-pressed={state === null} onClick={() => setState(null)}>
          {t('list.all')} <b>{count(webhooks.length)}</b>
        </UnstyledButton>
        {counts.map((one) => (
          <UnstyledButton
            key={one.state}
            className={classes.filter}
            aria-pressed={state === one.state}
            onClick={() => setState(state === one.state ? null : one.state)}
          >
            <StateBadge state={one.state} /> <b>{count(one.count)}</b>
          </UnstyledButton>
        ))}
      </fieldset>
    </div>
  )
}
