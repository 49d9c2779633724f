//! HPKE as ed25519-dalek-hpke does it: one message to an Ed25519 key.

use crate::json::Request;
use anyhow::Result;
use ed25519_dalek::{SigningKey, VerifyingKey};
use ed25519_dalek_hpke::{Ed25519hpkeDecryption, Ed25519hpkeEncryption};
use serde_json::{Value, json};

pub fn answer(request: &Request) -> Option<Result<Value>> {
    Some(match request.action.as_str() {
        "seal" => seal(request),
        "open" => open(request),
        _ => return None,
    })
}

fn seal(request: &Request) -> Result<Value> {
    let key = VerifyingKey::from_bytes(&request.array("key")?)?;
    Ok(json!(hex::encode(
        key.encrypt(&request.bytes("plaintext")?)?
    )))
}

fn open(request: &Request) -> Result<Value> {
    let key = SigningKey::from_bytes(&request.array("seed")?);
    Ok(json!(hex::encode(key.decrypt(&request.bytes("sealed")?)?)))
}
