import { channels } from './channels.ts'
import { bot, type Conversation, delivered, operator, read, says, saysAndSets, user } from './conversation.ts'

const lucia = {
  fromName: 'Lucía Ferreyra',
  operatorId: 'op-17',
  operatorName: 'Lucía Ferreyra',
  operatorEmail: 'lucia@bakery.example',
  operatorRole: 'OPERATOR',
  queue: 'cakes',
}

/** Conversations in Spanish. */
export const spanish: Conversation[] = [
  {
    id: 'birthday-cake',
    channel: channels.whatsapp,
    contact: { contactId: '5491155550143', firstName: 'Ana', lastName: 'Pereyra' },
    steps: [
      says(
        user('Hola, quiero encargar una torta para el sábado'),
        bot('¡Hola, Ana! Claro que sí. ¿Para cuántas personas?', { intentName: 'order_cake', named: 'how-many' }),
      ),
      delivered('how-many'),
      read('how-many'),
      saysAndSets(
        { people: '12' },
        user('Doce, más o menos'),
        bot('Perfecto, tamaño mediano. Elegí un sabor:', { intentName: 'choose_flavour', named: 'flavours' }),
      ),
      delivered('flavours'),
      saysAndSets(
        { flavour: 'chocolate' },
        user('Chocolate', { isButton: true }),
        bot('Anotado. ¿Querés mandarnos una foto de referencia?', { intentName: 'ask_photo' }),
      ),
      says(
        user('Algo así, pero con frutillas', {
          image: 'https://files.bakery.example/in/torta-frutillas.jpg',
          caption: 'Algo así, pero con frutillas',
        }),
        bot('¡Qué linda! Te paso con Lucía, que hace las decoraciones.', { intentName: 'hand_over', queue: 'cakes' }),
      ),
      says(operator('Hola Ana, soy Lucía. Con frutillas queda buenísima: $ 18.500.', { ...lucia, named: 'price' })),
      delivered('price'),
      read('price'),
      says(user('Dale, me encanta 😍', { queue: 'cakes' })),
      saysAndSets(
        { pickup_day: 'sábado', pickup_time: '17:30' },
        operator('Listo, el sábado a las 17:30 te la llevás.', lucia),
      ),
    ],
  },
  {
    id: 'delivery-on-its-way',
    channel: channels.whatsapp,
    contact: { contactId: '5491155550178', firstName: 'Rodrigo' },
    steps: [
      says(
        bot('Tu pedido 1042 sale a las 18. ¿Estás en casa?', {
          intentName: 'delivery_notice',
          templateName: 'delivery_notice_es',
          named: 'notice',
        }),
      ),
      delivered('notice', 'order-1042'),
      read('notice', 'order-1042'),
      says(
        user('Sí, estoy', { payload: 'AT_HOME_1042', button: 'Sí, estoy', templateName: 'delivery_notice_es' }),
        bot('¡Gracias! Compartinos tu ubicación, así el repartidor llega directo.', { intentName: 'ask_location' }),
      ),
      saysAndSets(
        { delivery_zone: 'Palermo' },
        user(null, { location: '-34.588 & -58.4306' }),
        bot('La recibimos. Llega en unos 25 minutos.', { intentName: 'delivery_eta', named: 'eta' }),
      ),
      delivered('eta'),
    ],
  },
  {
    id: 'opening-hours',
    channel: channels.telegram,
    contact: { contactId: 'tg-70412', firstName: 'Milagros' },
    steps: [
      says(
        user('¿A qué hora abren mañana?'),
        bot('Mañana abrimos de 8 a 20.', { intentName: 'opening_hours' }),
        bot('¿Necesitás algo más?', { intentName: 'anything_else' }),
      ),
      says(
        user('Sí, la lista de precios porfa'),
        bot('Acá va:', { file: 'https://files.bakery.example/out/lista-de-precios.pdf', intentName: 'price_list' }),
      ),
      says(user('Genial, gracias'), bot('¡A vos! Nos vemos mañana.', { intentName: 'goodbye' })),
    ],
  },
]
