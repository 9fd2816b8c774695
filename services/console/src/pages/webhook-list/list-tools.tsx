import { ActionIcon, Group, NativeSelect, TextInput, UnstyledButton } from '@mantine/core'
import { IconLayoutList, IconSearch, IconTable } from '@tabler/icons-react'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { ListedWebhook } from '../../api/types.ts'
import { useFormats } from '../../format/use-formats.ts'
import { StateBadge } from '../../parts/states/state-badge.tsx'
import { countStates, findWebhooks, type ListChoice, type Order, orders } from './find.ts'
import classes from './list.module.css'
import { type ListView, views } from './use-list-choice.ts'

type Props = {
  webhooks: ListedWebhook[]
  choice: ListChoice
  onChange: (change: Partial<ListChoice>) => void
  view: ListView
  onShow: (view: ListView) => void
}

/** Search, sort order, view, and the number of webhooks in each state; each number is a filter. */
export function ListTools({ webhooks, choice, onChange, view, onShow }: Props) {
  const { t } = useTranslation()
  const { count } = useFormats()
  const { text, state, order } = choice
  const searched = useMemo(
    () => findWebhooks(webhooks, { text, state: null, order: 'name', isReversed: false }),
    [webhooks, text],
  )
  const counts = useMemo(() => countStates(searched), [searched])
  return (
    <div className={classes.tools}>
      <Group gap="sm" align="flex-end">
        <TextInput
          flex="1 1 14rem"
          label={t('list.search')}
          placeholder={t('list.searchHint')}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={text}
          onChange={(event) => onChange({ text: event.target.value })}
        />
        <NativeSelect
          label={t('list.order')}
          value={order}
          onChange={(event) => onChange({ order: event.target.value as Order, isReversed: false })}
          data={orders.map((one) => ({ value: one, label: t(`list.orders.${one}`) }))}
        />
        <Group gap={4} wrap="nowrap">
          {views.map((one) => (
            <ActionIcon
              key={one}
              size={36}
              variant={view === one ? 'light' : 'default'}
              aria-label={t(`list.views.${one}`)}
              aria-pressed={view === one}
              onClick={() => onShow(one)}
            >
              {one === 'cards' ? <IconLayoutList size={18} aria-hidden /> : <IconTable size={18} aria-hidden />}
            </ActionIcon>
          ))}
        </Group>
      </Group>
      <fieldset className={classes.states} aria-label={t('list.byState')}>
        <UnstyledButton
          className={classes.filter}
          aria-pressed={state === null}
          onClick={() => onChange({ state: null })}
        >
          {t('list.all')} <b>{count(searched.length)}</b>
        </UnstyledButton>
        {counts.map((one) => (
          <UnstyledButton
            key={one.state}
            className={classes.filter}
            aria-pressed={state === one.state}
            onClick={() => onChange({ state: state === one.state ? null : one.state })}
          >
            <StateBadge state={one.state} /> <b>{count(one.count)}</b>
          </UnstyledButton>
        ))}
      </fieldset>
    </div>
  )
}
