import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { useNotices } from '../../../parts/texts/notices.ts'
import { listPath } from '../page-path.ts'
import { useActions } from '../use-actions.ts'
import { ActionDialog, type DialogProps } from './action-dialog.tsx'

export function DeleteDialog(props: DialogProps) {
  const { t } = useTranslation()
  const notices = useNotices()
  const navigate = useNavigate()
  const { name, businessId } = props.webhook
  const { remove } = useActions(props.webhook)
  const leave = () => {
    notices.done(t('delete.done', { name }))
    void navigate(listPath(businessId))
  }
  return <ActionDialog {...props} texts="delete" action={remove} dangerous onSuccess={leave} />
}
