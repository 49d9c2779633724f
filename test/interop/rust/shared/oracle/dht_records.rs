//! Slots as rustpatcher uses them: records published and read by distributed-topic-tracker's `RecordPublisher`, which joins
//! the DHT through the names compiled into the `mainline` crate. A publisher is named by a number and lives as long as the
//! process. Only `PatchInfo` is published: what other contents do, the `formats` commands show.

use crate::formats::patch_info::{self, PatchInfo};
use crate::json::Request;
use anyhow::{Context, Result};
use distributed_topic_tracker::{Record, RecordPublisher};
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::{LazyLock, Mutex};

static OPENED: LazyLock<Mutex<Vec<RecordPublisher>>> = LazyLock::new(Default::default);

/// `topic`: 32 bytes. `seed`: of the node's key. `secret`: the initial secret, before its hash is taken.
pub fn open(request: &Request) -> Result<Value> {
    let node = SigningKey::from_bytes(&request.array("seed")?);
    let (topic, secret) = (request.array("topic")?, request.bytes("secret")?);
    #[cfg(feature = "rustpatcher")]
    let publisher = RecordPublisher::new(
        distributed_topic_tracker::RecordTopic::from_bytes(&topic),
        node.verifying_key(),
        node,
        None,
        secret,
    );
    #[cfg(not(feature = "rustpatcher"))]
    let publisher = RecordPublisher::new(
        distributed_topic_tracker::TopicId::from_hash(&topic),
        node,
        None,
        secret,
        distributed_topic_tracker::Config::default(),
    );
    let mut all = OPENED.lock().expect("no holder panics");
    all.push(publisher);
    Ok(json!(all.len() - 1))
}

fn opened(request: &Request) -> Result<RecordPublisher> {
    let all = OPENED.lock().expect("no holder panics");
    all.get(request.number::<usize>("publisher")?)
        .cloned()
        .context("not opened")
}

/// Publishes the release that the request's fields describe, as rustpatcher's own loop does.
pub async fn publish(request: &Request) -> Result<Value> {
    let publisher = opened(request)?;
    let record = publisher.new_record(request.number("minute")?, patch_info::read(request)?)?;
    #[cfg(feature = "rustpatcher")]
    publisher.publish_record(record).await?;
    #[cfg(not(feature = "rustpatcher"))]
    publisher.publish_record(record, Default::default()).await?;
    Ok(Value::Null)
}

/// The records of other nodes. `release` is what rustpatcher's `PatchInfo` makes of the content.
pub async fn read(request: &Request) -> Result<Value> {
    let records = records(&opened(request)?, request.number("minute")?).await?;
    Ok(records.iter().map(show).collect())
}

#[cfg(feature = "rustpatcher")]
async fn records(publisher: &RecordPublisher, minute: u64) -> Result<HashSet<Record>> {
    Ok(publisher.get_records(minute).await)
}

#[cfg(not(feature = "rustpatcher"))]
async fn records(publisher: &RecordPublisher, minute: u64) -> Result<HashSet<Record>> {
    publisher.get_records(minute, Default::default()).await
}

fn show(record: &Record) -> Value {
    let bytes = record.to_bytes();
    json!({
        "node": hex::encode(&bytes[40..72]),
        "content": hex::encode(&bytes[72..bytes.len() - 64]),
        "release": record.content::<PatchInfo>().ok().map(|info| patch_info::show(&info)),
    })
}
