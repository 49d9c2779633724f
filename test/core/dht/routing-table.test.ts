import { describe, expect, it } from 'vitest';
import { BUCKET_SIZE, RoutingTable } from '../../../src/core/dht/routing-table.ts';
import { secureNodeId } from '../../../src/core/dht/node-id.ts';
import { parseIp } from '../../../src/core/dht/address.ts';
import { contactOf, idOf, localAddress, publicAddress } from '../../support/dht-samples.ts';

const OWN = idOf(0);
const table = (): RoutingTable => new RoutingTable(OWN);

describe('the routing table', () => {
  it('gives the closest contacts, closest first', () => {
    const contacts = table();
    for (const first of [0x80, 0x41, 0x40, 0x20]) contacts.answered(contactOf(idOf(first), localAddress(first)), 0);
    const closest = contacts.closest(idOf(0x43), 3);
    expect(closest.map(({ id }) => id[0])).toEqual([0x41, 0x40, 0x20]);
  });

  it('does not take itself in', () => {
    const contacts = table();
    expect(contacts.answered(contactOf(OWN, localAddress(1)), 0)).toBe(false);
    expect(contacts.size).toBe(0);
  });

  it('holds at most 20 contacts of one bucket, however many answer', () => {
    const contacts = table();
    for (let n = 0; n < 1000; n++) contacts.answered(contactOf(idOf(0x80, n >> 8, n & 0xff), localAddress(n)), 0);
    expect(contacts.size).toBe(BUCKET_SIZE);
    expect(contacts.hasRoomFor(contactOf(idOf(0x81), localAddress(2000)))).toBe(false);
    expect(contacts.hasRoomFor(contactOf(idOf(0x01), localAddress(2000)))).toBe(true);
  });

  it('drops a contact after two unanswered queries, and not after one', () => {
    const contacts = table();
    const contact = contactOf(idOf(1), localAddress(1));
    contacts.answered(contact, 0);
    contacts.failed(contact.address);
    expect(contacts.has(contact.address)).toBe(true);
    contacts.answered(contact, 1);
    contacts.failed(contact.address);
    expect(contacts.has(contact.address)).toBe(true);
    contacts.failed(contact.address);
    expect(contacts.has(contact.address)).toBe(false);
  });

  it('names no failing contact to others', () => {
    const contacts = table();
    const contact = contactOf(idOf(1), localAddress(1));
    contacts.answered(contact, 0);
    contacts.failed(contact.address);
    expect(contacts.closest(OWN, 8, true)).toEqual([]);
    expect(contacts.closest(OWN, 8)).toHaveLength(1);
  });

  it('replaces a failing contact of a full bucket', () => {
    const contacts = table();
    for (let n = 0; n < BUCKET_SIZE; n++) contacts.answered(contactOf(idOf(0x80, n), localAddress(n)), 0);
    contacts.failed(localAddress(3));
    const newcomer = contactOf(idOf(0x90), localAddress(99));
    expect(contacts.hasRoomFor(newcomer)).toBe(true);
    expect(contacts.answered(newcomer, 1)).toBe(true);
    expect(contacts.has(localAddress(3))).toBe(false);
    expect(contacts.size).toBe(BUCKET_SIZE);
  });

  it('keeps who holds an id while it answers, and gives the id to another when it does not', () => {
    const contacts = table();
    const id = idOf(7);
    contacts.answered(contactOf(id, localAddress(1)), 0);
    expect(contacts.answered(contactOf(id, localAddress(2)), 1)).toBe(false);
    expect(contacts.has(localAddress(1))).toBe(true);
    contacts.failed(localAddress(1));
    expect(contacts.answered(contactOf(id, localAddress(2)), 2)).toBe(true);
    expect(contacts.has(localAddress(1))).toBe(false);
  });

  it('takes another id at a known address for a new node', () => {
    const contacts = table();
    contacts.answered(contactOf(idOf(1), localAddress(1)), 0);
    contacts.answered(contactOf(idOf(2), localAddress(1)), 1);
    expect(contacts.closest(OWN, 8).map(({ id }) => id[0])).toEqual([2]);
  });

  it('takes one node per public IP, and many per local IP', () => {
    const contacts = table();
    const samePublic = { ...publicAddress(1), port: 7000 };
    expect(contacts.answered(contactOf(idOf(1), publicAddress(1)), 0)).toBe(true);
    expect(contacts.hasRoomFor(contactOf(idOf(2), samePublic))).toBe(false);
    expect(contacts.answered(contactOf(idOf(2), samePublic), 0)).toBe(false);
    expect(contacts.answered(contactOf(idOf(3), localAddress(1)), 0)).toBe(true);
    expect(contacts.answered(contactOf(idOf(4), localAddress(2)), 0)).toBe(true);
  });

  it('prefers a node whose id follows from its address (BEP 42) in a full bucket', () => {
    const contacts = table();
    const address = publicAddress(5000);
    const secure = secureNodeId(parseIp(address.host) ?? OWN, new Uint8Array(20).fill(0xff));
    // The bucket of this id, filled with ids that fit no address.
    const own = secure.with(0, (secure[0] ?? 0) ^ 0x80);
    const filled = new RoutingTable(own);
    for (let n = 0; n < BUCKET_SIZE; n++)
      filled.answered(contactOf(secure.with(19, n).with(1, n), publicAddress(n)), 0);
    expect(filled.size).toBe(BUCKET_SIZE);
    expect(filled.answered(contactOf(secure, address), 1)).toBe(true);
    expect(filled.size).toBe(BUCKET_SIZE);
    expect(contacts.size).toBe(0);
  });

  it('keeps its contacts when the own id changes', () => {
    const contacts = table();
    for (let n = 1; n <= 30; n++) contacts.answered(contactOf(idOf(n), localAddress(n)), 0);
    contacts.rebuild(idOf(0xff));
    expect(contacts.size).toBe(20); // now all share one bucket
    expect(contacts.closest(idOf(1), 1)[0]?.id[0]).toBe(1);
  });
});
