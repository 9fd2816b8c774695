import type { Language } from '../../domain/definition/definition-values.ts'
import type { Alert, AlertKind } from '../../domain/stats/alert.ts'

/** Alert with the facts that its texts need. A test alert has its own kind. */
export type AlertNotice = Omit<Alert, 'kind'> & {
  kind: AlertKind | 'test'
  businessId: string
  webhookId: string | null
  webhookName: string
  /** Page of the webhook in the console; null if admin does not know its own address. */
  consoleUrl: string | null
}

export type AlertText = { title: string; body: string }

type Words = {
  titles: Record<AlertNotice['kind'], string>
  bodies: Record<AlertNotice['kind'], string>
  causes: Record<string, string>
  lines: { webhook: string; business: string; time: string; console: string }
  minutes: (count: number) => string
}

/** Texts by language. {name}, {cause} and {minutes} are placeholders. */
const words: Record<Language, Words> = {
  en: {
    titles: {
      failing: '{name}: requests are failing',
      blocked: '{name}: sending is blocked',
      'switched-off': '{name}: switched off',
      behind: '{name}: notifications are late',
      'giving-up': '{name}: a notification was given up',
      recovered: '{name}: recovered',
      test: 'Test alert',
    },
    bodies: {
      failing: 'More than half of the last 20 requests have failed. The last one: {cause}.',
      blocked:
        'More than 100 requests have failed within 10 minutes, so nothing is sent for 10 minutes. The last failure: {cause}.',
      'switched-off':
        'Hookline has switched this webhook off. Nothing is sent until somebody switches it on again. The last answer: {cause}.',
      behind: 'Notifications wait for {minutes} before they are sent.',
      'giving-up':
        'A notification was not delivered and will not be retried: {cause}. You can resend it from the console.',
      recovered: 'Notifications have been delivered without problems for a while. The problem lasted {minutes}.',
      test: 'This is how an alert about a webhook will arrive. Nothing is wrong.',
    },
    causes: {
      timeout: 'no answer in time',
      dns: 'the host was not found',
      connect: 'no connection',
      tls: 'no secure connection (TLS)',
      address: 'the address is not allowed',
      breaker: 'sending is blocked',
      expired: 'the notification was too old',
    },
    lines: { webhook: 'Webhook', business: 'Business', time: 'Time', console: 'Console' },
    minutes: (count) => (count === 1 ? '1 minute' : `${count} minutes`),
  },
  es: {
    titles: {
      failing: '{name}: las solicitudes fallan',
      blocked: '{name}: el envío está bloqueado',
      'switched-off': '{name}: apagado',
      behind: '{name}: las notificaciones se retrasan',
      'giving-up': '{name}: una notificación no se pudo entregar',
      recovered: '{name}: se ha recuperado',
      test: 'Alerta de prueba',
    },
    bodies: {
      failing: 'Más de la mitad de las últimas 20 solicitudes han fallado. La última: {cause}.',
      blocked:
        'Más de 100 solicitudes fallaron en 10 minutos, así que no se envía nada durante 10 minutos. El último fallo: {cause}.',
      'switched-off':
        'Hookline apagó este webhook. No se envía nada hasta que alguien lo encienda de nuevo. La última respuesta: {cause}.',
      behind: 'Las notificaciones esperan {minutes} hasta que se envían.',
      'giving-up':
        'Una notificación no se entregó y no se volverá a intentar: {cause}. Se puede enviar de nuevo desde la consola.',
      recovered: 'Las notificaciones se entregan sin problemas desde hace un rato. El problema duró {minutes}.',
      test: 'Así llegará una alerta sobre un webhook. Todo está en orden.',
    },
    causes: {
      timeout: 'sin respuesta a tiempo',
      dns: 'no se encontró el host',
      connect: 'sin conexión',
      tls: 'sin conexión segura (TLS)',
      address: 'la dirección no está permitida',
      breaker: 'el envío está bloqueado',
      expired: 'era demasiado antigua',
    },
    lines: { webhook: 'Webhook', business: 'Empresa', time: 'Hora', console: 'Consola' },
    minutes: (count) => (count === 1 ? '1 minuto' : `${count} minutos`),
  },
  pt: {
    titles: {
      failing: '{name}: as solicitações estão falhando',
      blocked: '{name}: o envio está bloqueado',
      'switched-off': '{name}: desligado',
      behind: '{name}: as notificações estão atrasadas',
      'giving-up': '{name}: uma notificação não pôde ser entregue',
      recovered: '{name}: recuperado',
      test: 'Alerta de teste',
    },
    bodies: {
      failing: 'Mais da metade das últimas 20 solicitações falharam. A última: {cause}.',
      blocked:
        'Mais de 100 solicitações falharam em 10 minutos, por isso nada é enviado durante 10 minutos. A última falha: {cause}.',
      'switched-off':
        'O Hookline desligou este webhook. Nada é enviado até que alguém o ligue de novo. A última resposta: {cause}.',
      behind: 'As notificações esperam {minutes} até serem enviadas.',
      'giving-up':
        'Uma notificação não foi entregue e não será tentada de novo: {cause}. Ela pode ser reenviada pelo console.',
      recovered: 'As notificações são entregues sem problemas há algum tempo. O problema durou {minutes}.',
      test: 'É assim que chegará um alerta sobre um webhook. Está tudo em ordem.',
    },
    causes: {
      timeout: 'sem resposta a tempo',
      dns: 'o host não foi encontrado',
      connect: 'sem conexão',
      tls: 'sem conexão segura (TLS)',
      address: 'o endereço não é permitido',
      breaker: 'o envio está bloqueado',
      expired: 'era antiga demais',
    },
    lines: { webhook: 'Webhook', business: 'Empresa', time: 'Hora', console: 'Console' },
    minutes: (count) => (count === 1 ? '1 minuto' : `${count} minutos`),
  },
}

/** Text of an alert for people. The body has several lines. */
export function alertText(notice: AlertNotice, language: Language): AlertText {
  const { titles, bodies, causes, lines, minutes } = words[language]
  const { kind, status, cause, at, since, waitedMs } = notice
  const lastedMs = kind === 'recovered' ? at - (since ?? at) : (waitedMs ?? 0)
  const values: Record<string, string> = {
    // The title becomes the subject of a mail, so the name must be on one line.
    name: notice.webhookName.replaceAll(/\s+/g, ' '),
    cause: status !== null ? `HTTP ${status}` : (causes[cause ?? ''] ?? cause ?? '–'),
    minutes: minutes(Math.max(1, Math.round(lastedMs / 60_000))),
  }
  const fill = (text: string) => text.replaceAll(/\{(\w+)\}/g, (_all, name: string) => values[name] ?? '')
  const facts = [
    notice.webhookId === null ? null : `${lines.webhook}: ${values.name} (${notice.webhookId})`,
    `${lines.business}: ${notice.businessId}`,
    `${lines.time}: ${new Date(at).toISOString()}`,
    notice.consoleUrl === null ? null : `${lines.console}: ${notice.consoleUrl}`,
  ]
  return {
    title: fill(titles[kind]),
    body: [fill(bodies[kind]), '', ...facts.filter((line) => line !== null)].join('\n'),
  }
}
