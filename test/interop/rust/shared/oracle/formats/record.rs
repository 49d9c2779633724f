//! Records and sealed records of distributed-topic-tracker, without a DHT.

use super::derivations::minute;
use super::patch_info::{self, PatchInfo};
use crate::json::Request;
use anyhow::Result;
use distributed_topic_tracker::{EncryptedRecord, Record};
use ed25519_dalek::SigningKey;
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeTuple};
use serde_json::{Value, json};

pub fn answer(request: &Request) -> Option<Result<Value>> {
    Some(match request.action.as_str() {
        "sign-record" => sign_record(request),
        "verify-record" => verify_record(request),
        "record-info" => record_info(request),
        "seal-record" => seal_record(request),
        "open-record" => open_record(request),
        _ => return None,
    })
}

/// Content that is any bytes, without a length in front: records are made here with what no `PatchInfo` could be.
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(self.0.len())?;
        for byte in &self.0 {
            tuple.serialize_element(byte)?;
        }
        tuple.end()
    }
}

impl<'a> Deserialize<'a> for Bytes {
    fn deserialize<D: Deserializer<'a>>(_: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom("only written"))
    }
}

fn sign_record(request: &Request) -> Result<Value> {
    let (topic, minute) = (request.array("topic")?, minute(request)?);
    let content = Bytes(request.bytes("content")?);
    let key = SigningKey::from_bytes(&request.array("seed")?);
    #[cfg(feature = "rustpatcher")]
    let record = Record::sign(topic, minute, key.verifying_key().to_bytes(), content, &key)?;
    #[cfg(not(feature = "rustpatcher"))]
    let record = Record::sign(topic, minute, content, &key)?;
    Ok(json!(hex::encode(record.to_bytes())))
}

fn verify_record(request: &Request) -> Result<Value> {
    let record = Record::from_bytes(request.bytes("record")?)?;
    record.verify(&request.array("topic")?, minute(request)?)?;
    Ok(json!({
        "topic": hex::encode(record.topic()),
        "minute": record.unix_minute().to_string(),
        "node": hex::encode(node_of(&record)),
        "signature": hex::encode(record.signature()),
        "record": hex::encode(record.to_bytes()),
    }))
}

#[cfg(feature = "rustpatcher")]
fn node_of(record: &Record) -> [u8; 32] {
    record.node_id()
}

#[cfg(not(feature = "rustpatcher"))]
fn node_of(record: &Record) -> [u8; 32] {
    record.pub_key()
}

/// The release that rustpatcher reads from a record.
fn record_info(request: &Request) -> Result<Value> {
    let record = Record::from_bytes(request.bytes("record")?)?;
    Ok(patch_info::show(&record.content::<PatchInfo>()?))
}

fn seal_record(request: &Request) -> Result<Value> {
    let record = Record::from_bytes(request.bytes("record")?)?;
    let key = SigningKey::from_bytes(&request.array("encryptionSeed")?);
    let sealed = record.encrypt(&key).to_bytes();
    // Since 0.3 there is a limit.
    #[cfg(not(feature = "rustpatcher"))]
    let sealed = sealed?;
    Ok(json!(hex::encode(sealed)))
}

fn open_record(request: &Request) -> Result<Value> {
    let key = SigningKey::from_bytes(&request.array("encryptionSeed")?);
    let record = EncryptedRecord::from_bytes(request.bytes("value")?)?.decrypt(&key)?;
    Ok(json!(hex::encode(record.to_bytes())))
}
