//! BEP 44 items, targets, and BEP 42 verdicts of the `mainline` crate. Talks to no network.

use crate::rule;
use mainline::{Id, MutableItem, SigningKey};
use serde_json::{Value, json};
use std::net::Ipv4Addr;

pub fn document() -> Value {
    json!({ "items": items(), "securities": securities(), "distances": distances() })
}

/// Signed items: all sequence numbers with one value, then all lengths with one sequence number.
fn items() -> Vec<Value> {
    let sequences = [
        0,
        1,
        2,
        9,
        10,
        i64::from(u32::MAX),
        1 << 53,
        (1 << 53) + 1,
        i64::MAX - 1,
        i64::MAX,
        -1,
        i64::MIN,
    ];
    let lengths = [0, 1, 9, 10, 99, 100, 388, 995, 996];
    let salts = [0, 1, 9, 10, 32, 63, 64];
    let rows = (sequences.iter().map(|seq| (*seq, 40, 32)))
        .chain(lengths.iter().map(|length| (7, *length, 32)))
        .chain(salts.iter().map(|length| (8, 20, *length)));
    rows.enumerate()
        .map(|(number, (seq, value_bytes, salt_bytes))| {
            let number = number as u64;
            let seed = rule::seed("item key", number);
            let salt = rule::bytes("item salt", number, salt_bytes);
            let value = rule::bytes("item value", number, value_bytes);
            let salt_given = (salt_bytes > 0).then_some(salt.as_slice());
            let item = MutableItem::new(SigningKey::from_bytes(&seed), &value, seq, salt_given);
            json!({
                "number": number,
                "seq": seq.to_string(),
                "valueBytes": value_bytes,
                "saltBytes": salt_bytes,
                "publicKey": hex::encode(item.key()),
                "target": hex::encode(item.target().as_bytes()),
                "signature": hex::encode(item.signature()),
            })
        })
        .collect()
}

/// Which ids the crate takes for bound to an address. The first five are the examples of BEP 42.
fn securities() -> Vec<Value> {
    let examples = [
        ("124.31.75.21", "5fbfbff10c5d6a4ec8a88e4c6ab4c28b95eee401"),
        ("21.75.31.124", "5a3ce9c14e7a08645677bbd1cfe7d8f956d53256"),
        ("65.23.51.170", "a5d43220bc8f112a3d426c84764f8c2a1150e616"),
        ("84.124.73.14", "1b0321dd1bb1fe518101ceef99462b947a01ff41"),
        ("43.213.53.83", "e56f6cbf5b7c4be0237986d5243b87aa6d51305a"),
    ];
    let anywhere = [
        "10.0.0.1",
        "10.255.255.255",
        "127.0.0.1",
        "127.255.0.9",
        "172.15.0.1",
        "172.16.0.1",
        "172.31.255.1",
        "172.32.0.1",
        "192.168.0.1",
        "192.167.0.1",
        "169.254.1.1",
        "169.255.1.1",
        "100.64.0.1",
        "11.0.0.1",
        "0.0.0.0",
        "255.255.255.255",
    ];
    let mut rows: Vec<(&str, [u8; 20])> = vec![];
    for (ip, id) in examples {
        let id: [u8; 20] = hex::decode(id)
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .expect("the examples have 20 bytes");
        rows.push((ip, id));
        // One bit of each byte that could matter, and one that does not.
        for (byte, bit) in [(0, 0x80), (1, 1), (2, 8), (2, 4), (10, 1), (19, 1), (19, 8)] {
            let mut changed = id;
            changed[byte] ^= bit;
            rows.push((ip, changed));
        }
    }
    rows.extend(anywhere.map(|ip| (ip, [0x5a; 20])));
    rows.iter()
        .map(|(ip, id)| {
            let address: Ipv4Addr = ip.parse().expect("an address");
            let secure = Id::from(*id).is_valid_for_ip(address);
            json!({ "ip": ip, "id": hex::encode(id), "secure": secure })
        })
        .collect()
}

/// The crate counts 160 minus the bits that two ids share.
fn distances() -> Vec<Value> {
    let from: [u8; 20] = rule::seed("id", 0)[..20].try_into().expect("20 bytes");
    let one_bit = (0..160).step_by(9).map(|bit| {
        let mut id = from;
        id[bit / 8] ^= 0x80 >> (bit % 8);
        id
    });
    std::iter::once(from)
        .chain(one_bit)
        .map(|to| {
            let distance = Id::from(from).distance(&Id::from(to));
            json!({ "from": hex::encode(from), "to": hex::encode(to), "distance": distance })
        })
        .collect()
}
