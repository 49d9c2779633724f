//! Everything that needs no network: keys, regions, encodings, derivations, HPKE.

use crate::json::Request;
use anyhow::{Context, Result};
use serde_json::{Value, json};

/// `None`: not a command of this file.
pub fn answer(request: &Request) -> Option<Result<Value>> {
    Some(match request.action.as_str() {
        "public-key" => public_key(request),
        _ => return None,
    })
}

fn public_key(request: &Request) -> Result<Value> {
    let seed = z32::decode(request.text("secret")?.as_bytes()).ok().context("not z-base-32")?;
    let seed: [u8; 32] = seed.try_into().ok().context("not 32 bytes")?;
    let key = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key();
    Ok(json!({ "bytes": hex::encode(key.as_bytes()), "text": z32::encode(key.as_bytes()) }))
}
