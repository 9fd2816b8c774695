// Made of the JSON Schemas in schemas/ by `npm run docs`; a test compares it with them.

/** Messages of a conversation, and variables that changed with them. */
export type MessageNotification = {
  v: '1.1'
  type: 'message'
  /** webchat, whatsapp, messenger, telegram, twitter or another */
  chatPlatform: string
  /** WhatsApp: the user's phone number; else the user's id on the platform */
  contactId: string
  /** whatsapp only: the bot's account number */
  whatsappNumber?: string
  /** not on whatsapp */
  chatIdInChatPlatform?: string
  chatChannelId: string
  customerId: string
  firstName?: string
  lastName?: string
  customerCreationTime: string
  /** start of the session of these messages */
  sessionCreationTime: string
  messages: Array<{
    /** status notifications refer to it */
    _id_: string
    date: string
    /** text, or the label of a button */
    message?: string
    /** "Bot" for the bot; empty if the name is unknown */
    fromName: string
    from: 'bot' | 'user' | 'operator'
    fromCustomer?: true
    isButton?: true
    hasAttachment?: true
    /** URL */
    image?: string
    /** URL */
    audio?: string
    /** URL */
    video?: string
    /** URL */
    file?: string
    operatorId?: string
    operatorName?: string
    operatorEmail?: string
    /** ADMIN, CONFIGURATOR, SUPERVISOR, OPERATOR or a custom role */
    operatorRole?: string
    queue?: string
    intentName?: string
    /** whatsapp only: the two numbers joined by " & " */
    location?: string
    /** whatsapp only */
    caption?: string
    /** whatsapp only */
    payload?: string
    /** whatsapp only */
    button?: string
    /** whatsapp only */
    templateName?: string
  }>
  /** variable name -> new value */
  variables?: Record<string, string>
}

/** A message was delivered or read. */
export type StatusNotification = {
  v: '1.1'
  type: 'status'
  /** several bots may share one endpoint */
  businessId: string
  /** WhatsApp: the user's phone number; else the user's id on the platform */
  contactId: string
  chatChannelId: string
  /** webchat, whatsapp, messenger, telegram, twitter or another */
  chatPlatform: string
  /** whatsapp only: the bot's account number */
  whatsappNumber?: string
  customerId: string
  status: 'delivered' | 'read'
  statusChangeTime: string
  /** _id_ of an outgoing (bot or operator) message */
  messageId: string
  /** only of messages sent through the API with a payload */
  clientPayload?: string
}

/** Body of a notification; `type` tells which. */
export type Notification = MessageNotification | StatusNotification
