//! Topics and the keys of their slots, as distributed-topic-tracker derives them from what rustpatcher gives it.
//! rustpatcher's own two inputs (the topic's name, the text "v1") have no public function: they are repeated here.

use crate::keys;
use distributed_topic_tracker::{
    RecordPublisher, RecordTopic, RotationHandle, encryption_keypair, salt, signing_keypair,
};
use mainline::MutableItem;
use serde_json::{Value, json};
use sha2::{Digest, Sha512};
use std::str::FromStr;

/// Minutes that are looked at: the first ones, year's ends, a leap day, and the ends of number ranges.
const MINUTES: [u64; 28] = [
    0,
    1,
    59,
    60,
    255,
    256,
    65_535,
    65_536,
    16_777_215,
    16_777_216,
    27_000_000,
    28_927_440,
    30_500_000,
    4_294_967_295,
    4_294_967_296,
    1_099_511_627_775,
    9_007_199_254_740_991,
    // 2024-02-28 23:59, 02-29 00:00, 12:34 and 23:59, 03-01 00:00; 2028 the same without 12:34
    28_486_079,
    28_486_080,
    28_486_834,
    28_487_519,
    28_487_520,
    30_589_919,
    30_589_920,
    30_591_359,
    30_591_360,
    // 2038-01-19 03:13 and 03:14: the seconds leave 31 bits
    35_791_393,
    35_791_394,
];

/// Minutes since 1970 at the first of January, 00:00 UTC, of the years 2025 to 2031.
const YEARS: [u64; 7] = [
    28_928_160, 29_453_760, 29_979_360, 30_504_960, 31_032_000, 31_557_600, 32_083_200,
];

pub struct Topic {
    pub name: String,
    pub record_topic: RecordTopic,
    pub secret_hash: [u8; 32],
}

/// Needs a tokio runtime: the crate starts a task with each publisher, which waits for work that never comes.
pub fn topic(owner: u64) -> Topic {
    let public = keys::owner(owner).verifying_key();
    let name = format!("rustpatcher:{}", z32::encode(public.as_bytes()));
    let record_topic = RecordTopic::from_str(&name).expect("any text is a topic");
    let secret = Sha512::new()
        .chain_update(record_topic.hash())
        .chain_update("v1");
    let publisher = RecordPublisher::new(
        record_topic,
        public,
        keys::owner(owner),
        None,
        secret.finalize().to_vec(),
    );
    let secret_hash = publisher.initial_secret_hash();
    Topic {
        name,
        record_topic,
        secret_hash,
    }
}

pub fn encryption_key(topic: &Topic, minute: u64) -> ed25519_dalek::SigningKey {
    let rotation = RotationHandle::default();
    encryption_keypair(topic.record_topic, &rotation, topic.secret_hash, minute)
}

pub fn minutes() -> impl Iterator<Item = u64> {
    let ends = YEARS.iter().flat_map(|year| year - 3..year + 3);
    MINUTES.into_iter().chain(ends)
}

pub fn document() -> Value {
    let topics: Vec<Topic> = (0..3).map(topic).collect();
    let slots = topics.iter().enumerate().flat_map(|(owner, topic)| {
        // The second and third owner: every seventh minute.
        let step = if owner == 0 { 1 } else { 7 };
        minutes()
            .step_by(step)
            .map(move |minute| slot(owner, topic, minute))
    });
    let slots: Vec<Value> = slots.collect();
    let topics: Vec<Value> = (topics.iter().enumerate())
        .map(|(owner, topic)| {
            json!({
                "owner": owner,
                "name": topic.name,
                "id": hex::encode(topic.record_topic.hash()),
                "secretHash": hex::encode(topic.secret_hash),
            })
        })
        .collect();
    json!({ "topics": topics, "slots": slots })
}

fn slot(owner: usize, topic: &Topic, minute: u64) -> Value {
    let key = signing_keypair(topic.record_topic, minute);
    let salt = salt(topic.record_topic, minute);
    let encryption = encryption_key(topic, minute);
    let target = MutableItem::target_from_key(key.verifying_key().as_bytes(), Some(&salt));
    json!({
        "owner": owner,
        "minute": minute,
        "seed": hex::encode(key.to_bytes()),
        "publicKey": hex::encode(key.verifying_key().as_bytes()),
        "salt": hex::encode(salt),
        "target": hex::encode(target.as_bytes()),
        "encryptionSeed": hex::encode(encryption.to_bytes()),
        "encryptionPublicKey": hex::encode(encryption.verifying_key().as_bytes()),
    })
}
