//! Prints test vectors made by the newest crates that a network may meet beside rustpatcher's: the same keys and items, what
//! changed in the slots, and the encoding of a signature behind its length. One JSON object, a member for each file.

mod items;
mod keys;
mod rule;

use distributed_topic_tracker::{TopicId, salt, signing_keypair};
use mainline::MutableItem;
use serde_json::{Value, json};

fn main() {
    let documents = json!({
        "keys": keys::document(),
        "items": items::document(),
        "slots": { "laterSlots": later_slots() },
        "versions": { "prefixedInfos": prefixed_infos() },
    });
    println!("{documents}");
}

/// The slots of distributed-topic-tracker 0.3: another salt, therefore another place.
fn later_slots() -> Vec<Value> {
    let public = keys::owner(0).verifying_key();
    let name = format!("rustpatcher:{}", z32::encode(public.as_bytes()));
    let topic = TopicId::new(name);
    [0, 1, 28_928_159, 28_928_160, 30_504_960, 31_557_599]
        .map(|minute| {
            let key = signing_keypair(&topic, minute);
            let salt = salt(&topic, minute);
            let public = key.verifying_key().to_bytes();
            let target = MutableItem::target_from_key(&public, Some(&salt));
            json!({
                "owner": 0,
                "minute": minute,
                "publicKey": hex::encode(public),
                "salt": hex::encode(salt),
                "target": hex::encode(target.as_bytes()),
            })
        })
        .into()
}

/// Fields in the order of rustpatcher's `PatchInfo`, whose own type cannot be built with this version of `ed25519`.
fn prefixed_infos() -> Vec<Value> {
    let versions = [
        (0, 0, 0),
        (1, 2, 3),
        (63, 64, 8192),
        (99_999, 99_999, 9999),
        (i32::MAX, i32::MAX, i32::MAX),
    ];
    let sizes = [0u64, 127, 128, 1_000_000, 1 << 32];
    (versions.iter().zip(sizes).enumerate())
        .map(|(number, (version, size))| {
            let bytes = rule::bytes("info", number as u64, 96);
            let hash: [u8; 32] = bytes[..32].try_into().expect("32 bytes");
            let signature = ed25519::Signature::from_slice(&bytes[32..]).expect("64 bytes");
            let info = postcard::to_allocvec(&(version, size, hash, signature));
            json!({
                "number": number,
                "version": format!("{}.{}.{}", version.0, version.1, version.2),
                "size": size.to_string(),
                "info": hex::encode(info.expect("postcard encodes all of it")),
            })
        })
        .collect()
}
