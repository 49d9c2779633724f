//! What follows from a topic and a minute: slot key, salt, target, encryption key. Minutes are decimal text, any u64.

use crate::json::Request;
use anyhow::{Context, Result};
use distributed_topic_tracker as tracker;
use mainline::MutableItem;
use serde_json::{Value, json};

#[cfg(feature = "rustpatcher")]
use tracker::RecordTopic as Topic;
#[cfg(not(feature = "rustpatcher"))]
use tracker::TopicId as Topic;

pub fn answer(request: &Request) -> Option<Result<Value>> {
    Some(match request.action.as_str() {
        "topic" => topic(request).map(|topic| json!(hex::encode(topic.hash()))),
        "secret-hash" => secret_hash(request),
        "slot" => slot(request),
        _ => return None,
    })
}

fn topic(request: &Request) -> Result<Topic> {
    request.text("name")?.parse()
}

pub fn minute(request: &Request) -> Result<u64> {
    request.text("minute")?.parse().context("minute: not a u64")
}

/// The hash that a publisher keeps of the initial secret it is given.
fn secret_hash(request: &Request) -> Result<Value> {
    let node = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let secret = request.bytes("secret")?;
    let topic = topic(request)?;
    #[cfg(feature = "rustpatcher")]
    let publisher = tracker::RecordPublisher::new(topic, node.verifying_key(), node, None, secret);
    #[cfg(not(feature = "rustpatcher"))]
    let publisher =
        tracker::RecordPublisher::new(topic, node, None, secret, tracker::Config::default());
    Ok(json!(hex::encode(publisher.initial_secret_hash())))
}

fn slot(request: &Request) -> Result<Value> {
    let (topic, minute) = (&topic(request)?, minute(request)?);
    // Since 0.3 topics are borrowed.
    #[cfg(feature = "rustpatcher")]
    let topic = *topic;
    let slot = tracker::signing_keypair(topic, minute);
    let salt = tracker::salt(topic, minute);
    let encryption = tracker::encryption_keypair(
        topic,
        &Default::default(),
        request.array("secretHash")?,
        minute,
    );
    let key = slot.verifying_key().to_bytes();
    let target = MutableItem::target_from_key(&key, Some(&salt));
    Ok(json!({
        "seed": hex::encode(slot.to_bytes()),
        "key": hex::encode(key),
        "salt": hex::encode(salt),
        "target": hex::encode(target.as_bytes()),
        "encryptionSeed": hex::encode(encryption.to_bytes()),
        "encryptionKey": hex::encode(encryption.verifying_key().to_bytes()),
    }))
}
