import { channels } from './channels.ts'
import { bot, type Conversation, delivered, operator, read, says, saysAndSets, user } from './conversation.ts'

const tiago = {
  fromName: 'Tiago Moreira',
  operatorId: 'op-23',
  operatorName: 'Tiago Moreira',
  operatorEmail: 'tiago@bakery.example',
  operatorRole: 'SUPERVISOR',
  queue: 'complaints',
}

/** Conversations in Portuguese. */
export const portuguese: Conversation[] = [
  {
    id: 'bread-subscription',
    channel: channels.whatsapp,
    contact: { contactId: '5511955550121', firstName: 'João', lastName: 'Andrade' },
    steps: [
      says(
        user('Oi! Vocês entregam pão todo dia?'),
        bot('Oi, João! Entregamos, sim. Quais dias você prefere?', { intentName: 'subscription', named: 'days' }),
      ),
      delivered('days'),
      saysAndSets(
        { days: 'seg, qua, sex' },
        user('Segunda, quarta e sexta'),
        bot('Combinado. E a que horas?', { intentName: 'choose_time' }),
      ),
      says(user(null, { audio: 'https://files.bakery.example/in/recado-joao.ogg' })),
      says(
        bot('Não consigo ouvir áudios ainda. Pode escrever o horário?', {
          intentName: 'audio_fallback',
          named: 'sorry',
        }),
      ),
      read('sorry'),
      saysAndSets(
        { time: '07:15' },
        user('7h15'),
        bot('Perfeito! Pão quentinho às 7h15. 🥖', { intentName: 'confirm_subscription' }),
      ),
      says(user('Valeu!')),
    ],
  },
  {
    id: 'late-order',
    channel: channels.messenger,
    contact: { contactId: 'fb-9001447', firstName: 'Beatriz', lastName: 'Sampaio' },
    steps: [
      says(
        user('Meu pedido está atrasado faz uma hora!!'),
        bot('Sinto muito, Beatriz. Vou chamar uma pessoa da equipe.', {
          intentName: 'complaint',
          queue: 'complaints',
        }),
      ),
      says(user('Por favor', { queue: 'complaints' })),
      says(operator('Oi Beatriz, aqui é o Tiago. O entregador está a duas quadras.', { ...tiago, named: 'close' })),
      delivered('close'),
      read('close'),
      says(user('Chegou agora. Obrigada, Tiago', { queue: 'complaints' })),
      saysAndSets({ compensation: 'café grátis' }, operator('O próximo café é por nossa conta.', tiago)),
    ],
  },
  {
    id: 'video-recipe',
    channel: channels.telegram,
    contact: { contactId: 'tg-55518', firstName: 'Caetano' },
    steps: [
      says(
        user('Como se faz aquele pão de queijo?'),
        bot('Segredo da casa, mas tem um vídeo:', {
          video: 'https://files.bakery.example/out/pao-de-queijo.mp4',
          intentName: 'recipe',
        }),
      ),
      saysAndSets({ interest: 'recipes' }, user('Quero receber mais receitas', { isButton: true })),
      says(bot('Fechado: uma receita por semana.', { intentName: 'newsletter' })),
    ],
  },
  {
    id: 'wedding-sweets',
    channel: channels.webchat,
    contact: { contactId: 'web-7d10', firstName: 'Luísa' },
    steps: [
      says(user('Boa tarde! Fazem bem-casados para 80 convidados?')),
      saysAndSets(
        { guests: '80', occasion: 'casamento' },
        bot('Fazemos! Para que dia seria?', { intentName: 'wedding_sweets' }),
      ),
      saysAndSets({ date: '2026-06-20' }, user('20 de junho')),
      says(bot('Temos vaga. Veja os modelos:', { image: 'https://files.bakery.example/out/bem-casados.jpg' })),
      says(user('O segundo é lindo, quero esse!')),
      saysAndSets({ model: '2' }, bot('Anotado: modelo 2, 80 unidades.', { intentName: 'choose_model' })),
    ],
  },
]
