import { classifyTlsFault } from '../../connection/tls-faults.ts'

/** The settings of a client, as far as errors of its connections can be due to them. */
export type ConnectionSettings = {
  usesTls: boolean
  hasCa: boolean
  hasCertificate: boolean
  /** KAFKA_SASL_MECHANISM. */
  mechanism: string
}

/** Advice on the errors of a connection to a broker; null if the error says it all. */
export type Adviser = {
  onSocketError(error: { message: string; code?: string | undefined }): string | null
  /** @param hasAnswered whether the broker has answered a request that needs a login, if there is one. */
  onClosed(hasAnswered: boolean): string | null
  onSaslError(error: { message: string; type?: string | undefined }): string | null
}

export function createAdviser({ usesTls, hasCa, hasCertificate, mechanism }: ConnectionSettings): Adviser {
  return {
    onSocketError(error) {
      switch (classifyTlsFault(error)) {
        case 'unknown-issuer':
          return hasCa
            ? "no CA in KAFKA_SSL_CA has signed this broker's certificate; add the one that has"
            : "set KAFKA_SSL_CA to the certificate of the CA that has signed this broker's certificate"
        case 'out-of-date':
          return "this broker's certificate is out of date; renew it at the broker"
        case 'wrong-name':
          return "connect to a name that this broker's certificate holds, or set KAFKA_SSL_SERVER_NAME to one"
        case 'client-certificate':
          return hasCertificate
            ? 'the broker does not accept the certificate in KAFKA_SSL_CERTIFICATE; is it out of date, or from a CA that the broker does not know?'
            : 'this listener wants a client certificate; set KAFKA_SSL_CERTIFICATE and KAFKA_SSL_KEY'
        case 'not-tls':
          return 'the broker does not answer in TLS; if this listener has none, unset KAFKA_TLS and KAFKA_SSL_*'
        case null:
          return error.code === 'ENOTFOUND' ? 'check KAFKA_BROKERS, and advertised.listeners of the brokers' : null
      }
    },
    onClosed(hasAnswered) {
      if (hasAnswered) return null
      const wanted = [
        ...(usesTls ? [] : ['TLS (KAFKA_TLS, KAFKA_SSL_CA)']),
        ...(mechanism === 'none' ? ['SASL (KAFKA_SASL_MECHANISM)'] : []),
      ]
      return wanted.length === 0 ? null : `does this listener want ${wanted.join(' or ')}?`
    },
    onSaslError({ message, type = '' }) {
      if (type === 'ILLEGAL_SASL_STATE')
        return `this listener does not take SASL; set KAFKA_SASL_MECHANISM to none, or connect to another listener`
      if (type === 'UNSUPPORTED_SASL_MECHANISM' || /mechanism is not supported/.test(message))
        return `this listener does not have the mechanism of KAFKA_SASL_MECHANISM, ${mechanism}`
      if (!/authentication failed/i.test(message)) return null
      if (mechanism === 'oauthbearer')
        return 'the broker does not accept the token; check KAFKA_SASL_OAUTH_SCOPE, and issuer, audience and keys at the broker'
      if (mechanism === 'aws-msk-iam') return 'check KAFKA_SASL_AWS_REGION, and the rights of the AWS identity'
      return 'check KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD and KAFKA_SASL_MECHANISM'
    },
  }
}
