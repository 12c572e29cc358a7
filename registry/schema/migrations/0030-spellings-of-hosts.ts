/** Keys of addresses as they are made since spellings of a host make no other address (`urlKey`), and of what is usual for them. */
export { up } from './0020-own-ports.ts';
