import { channels } from './channels.ts'
import { bot, type Conversation, delivered, operator, read, says, saysAndSets, user } from './conversation.ts'

const grace = {
  fromName: 'Grace Whitfield',
  operatorId: 'op-4',
  operatorName: 'Grace Whitfield',
  operatorEmail: 'grace@bakery.example',
  operatorRole: 'ADMIN',
  queue: 'events',
}

/** Conversations in English. */
export const english: Conversation[] = [
  {
    id: 'office-breakfast',
    channel: channels.webchat,
    contact: { contactId: 'web-31c9', firstName: 'Oliver' },
    steps: [
      says(
        bot('Welcome! What can we bake for you?', { intentName: 'welcome' }),
        user('Breakfast for 20 people on Thursday, some of us are vegan'),
        bot('Lovely. Which box would you like?', { intentName: 'office_breakfast' }),
      ),
      saysAndSets(
        { box: 'mixed', vegan_share: 'half' },
        user('Half and half', { isButton: true }),
        bot('Twenty breakfasts, ten of them vegan. Where to?', { intentName: 'ask_address' }),
      ),
      says(
        user('14 Canal Street, third floor. Here is our parking map', {
          file: 'https://files.bakery.example/in/map.pdf',
        }),
      ),
      says(bot('Got it. A colleague will confirm the price.', { intentName: 'hand_over', queue: 'events' })),
      says(operator('Good morning, Grace here. That makes 190 pounds, delivered at 8.', { ...grace, named: 'quote' })),
      delivered('quote'),
      read('quote'),
      saysAndSets({ order_state: 'confirmed' }, user('Deal!', { queue: 'events' })),
      says(operator('See you on Thursday, Oliver.', grace)),
    ],
  },
  {
    id: 'gluten-question',
    channel: channels.messenger,
    contact: { contactId: 'fb-9002210', firstName: 'Priya', lastName: 'Raman' },
    steps: [
      says(
        user('Do you have anything without gluten?'),
        bot('Yes: almond cake, polenta bread and meringues.', { intentName: 'gluten_free' }),
        bot('Shall I keep one for you?', { intentName: 'reserve', named: 'keep' }),
      ),
      delivered('keep'),
      saysAndSets(
        { reserved: 'almond cake' },
        user('The almond cake', { isButton: true }),
        bot('It is yours until 6 pm.', { intentName: 'reserved', named: 'until' }),
      ),
      delivered('until'),
      read('until'),
    ],
  },
  {
    id: 'lost-umbrella',
    channel: channels.whatsapp,
    contact: { contactId: '447700900142', firstName: 'Harriet', lastName: 'Cole' },
    steps: [
      says(
        user('Hello, I think I left my umbrella at your place'),
        bot('Oh no! What does it look like?', { intentName: 'lost_and_found', named: 'looks' }),
      ),
      read('looks'),
      says(user('This one', { image: 'https://files.bakery.example/in/umbrella.jpg', caption: 'This one' })),
      saysAndSets(
        { found: 'yes' },
        bot('Good news: it is behind the counter. Say "yellow" to claim it.', { intentName: 'found', named: 'found' }),
      ),
      delivered('found', 'case-77'),
      read('found', 'case-77'),
      says(user('yellow'), bot('Correct. We keep it for you.', { intentName: 'claimed' })),
    ],
  },
  {
    id: 'coffee-to-go',
    channel: channels.webchat,
    contact: { contactId: 'web-88fa' },
    steps: [
      says(user('one flat white to go pls')),
      says(bot('Any milk in particular?', { intentName: 'choose_milk' })),
      saysAndSets({ milk: 'oat' }, user('Oat', { isButton: true })),
      saysAndSets({ order_id: '2091' }, bot('Order 2091: ready in five minutes.', { intentName: 'order_placed' })),
      says(user('my son says "you\'re the best" & <3')),
      says(bot('Tell him: so is he. ☕', { intentName: 'small_talk' })),
    ],
  },
  {
    id: 'allergy-alert',
    channel: channels.telegram,
    contact: { contactId: 'tg-33107', firstName: 'Noah', lastName: 'Adeyemi' },
    steps: [
      says(
        bot('The walnut loaf of 3 March may hold traces of peanut. Did you buy one?', {
          intentName: 'recall',
          named: 'recall',
        }),
      ),
      delivered('recall', 'recall-2026-03'),
      read('recall', 'recall-2026-03'),
      saysAndSets({ affected: 'yes' }, user('Yes, two of them', { isButton: true })),
      says(bot('Please do not eat them. Is everyone well?', { intentName: 'recall_care', queue: 'quality' })),
      says(user('We are fine, thanks', { queue: 'quality' })),
      says(
        operator('Glad to hear it, Noah. We will refund both.', {
          ...grace,
          operatorRole: 'Quality officer',
          queue: 'quality',
        }),
      ),
      saysAndSets({ refund: '11.80', affected: '' }, bot('Refund sent.', { intentName: 'refund' })),
    ],
  },
]
