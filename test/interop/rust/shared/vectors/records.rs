//! Records of nodes, signed and sealed. Signing is repeatable; sealing draws keys of its own, so that each run makes others.

use crate::{releases, rule, slots};
use distributed_topic_tracker::{EncryptedRecord, Record};
use ed25519_dalek::SigningKey;
use ed25519_dalek_hpke::{Ed25519hpkeDecryption, Ed25519hpkeEncryption};
use rustpatcher::Version;
use serde_json::{Value, json};

const VERSIONS: [Version; 6] = [
    Version(0, 0, 0),
    Version(1, 2, 3),
    Version(63, 64, 65),
    Version(0, 10, 8192),
    Version(99_999, 99_999, 9999),
    Version(i32::MAX, 9, 99),
];

struct Row {
    owner: u64,
    minute: u64,
    node: SigningKey,
    info: Vec<u8>,
    record: Record,
}

fn rows() -> Vec<Row> {
    let topics: Vec<slots::Topic> = (0..3).map(slots::topic).collect();
    (slots::minutes().step_by(4).enumerate())
        .map(|(number, minute)| {
            let owner = number % topics.len();
            let node = SigningKey::from_bytes(&rule::seed("node", number as u64));
            let content = rule::bytes("content", 3000 + number as u64, 1000);
            let version = &VERSIONS[number % VERSIONS.len()];
            let info = releases::sign(owner as u64, &content, version);
            let topic = topics[owner].record_topic.hash();
            let id = node.verifying_key().to_bytes();
            let bytes = postcard::to_allocvec(&info).expect("postcard encodes all of it");
            let record =
                Record::sign(topic, minute, id, info, &node).expect("records can be signed");
            Row {
                owner: owner as u64,
                minute,
                node,
                info: bytes,
                record,
            }
        })
        .collect()
}

/// Signed records: the same in each run.
pub fn document() -> Value {
    let rows = rows().into_iter().enumerate().map(|(number, row)| {
        json!({
            "number": number,
            "owner": row.owner,
            "minute": row.minute,
            "nodeId": hex::encode(row.node.verifying_key().as_bytes()),
            "info": hex::encode(&row.info),
            "record": hex::encode(row.record.to_bytes()),
        })
    });
    json!({ "records": rows.collect::<Vec<_>>() })
}

/// The same records sealed, and plain messages to seeds by rule: others in each run.
pub fn sealed_document() -> Value {
    let values = rows().into_iter().enumerate().map(|(number, row)| {
        let topic = slots::topic(row.owner);
        let key = slots::encryption_key(&topic, row.minute);
        let value = row.record.encrypt(&key).to_bytes();
        let opened = EncryptedRecord::from_bytes(value.clone()).and_then(|it| it.decrypt(&key));
        let opened = opened.expect("the crate opens what it sealed");
        assert!(opened == row.record, "the crate opens what it sealed");
        json!({ "record": number, "value": hex::encode(value) })
    });
    let messages = [0, 1, 16, 32, 64, 200, 1000].iter().map(|length| {
        let number = *length as u64;
        let plaintext = rule::bytes("plaintext", number, *length);
        let reader = SigningKey::from_bytes(&rule::seed("reader", number));
        let sealed = reader
            .verifying_key()
            .encrypt(&plaintext)
            .expect("a key that works");
        let opened = reader
            .decrypt(&sealed)
            .expect("the crate opens what it sealed");
        assert!(opened == plaintext, "the crate opens what it sealed");
        json!({ "plaintextBytes": length, "sealed": hex::encode(sealed) })
    });
    json!({ "values": values.collect::<Vec<_>>(), "messages": messages.collect::<Vec<_>>() })
}
