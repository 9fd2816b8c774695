import { Autocomplete } from '@mantine/core'
import { IconBuildingStore } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { businessesQuery } from '../api/queries.ts'
import { useApi } from '../api/session.tsx'

const shownAtOnce = 50

/** Lets people who may access every business choose a known one, or enter the ID of any other. */
export default function BusinessSwitcher({ businessId }: { businessId: string }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const { data = [] } = useQuery(businessesQuery(useApi()))
  const [text, setText] = useState(businessId)
  useEffect(() => setText(businessId), [businessId])
  const go = (wanted: string) => {
    if (wanted !== '' && wanted !== businessId) void navigate(`/b/${encodeURIComponent(wanted)}/webhooks`)
    else setText(businessId)
  }
  return (
    <Autocomplete
      aria-label={t('shell.business')}
      leftSection={<IconBuildingStore size={16} aria-hidden />}
      w={190}
      data={data.map((entry) => entry.businessId)}
      limit={shownAtOnce}
      value={text}
      onChange={setText}
      onFocus={() => setText('')}
      onBlur={() => setText(businessId)}
      onOptionSubmit={go}
      onKeyDown={(event) => {
        if (event.key === 'Enter') go(text.trim())
      }}
      comboboxProps={{ width: 280, position: 'bottom-end' }}
    />
  )
}
