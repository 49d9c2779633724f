//! Keys and their text, as the crates read them. `Dalek` keys are what rustpatcher gets out of the text.

use crate::json::Request;
use anyhow::{Context, Result};
use serde_json::{Value, json};

pub fn answer(request: &Request) -> Option<Result<Value>> {
    Some(match request.action.as_str() {
        "public-key" => public_key(request),
        "z32-decode" => z32_decode(request),
        "z32-encode" => request
            .bytes("bytes")
            .map(|bytes| json!(z32::encode(&bytes))),
        #[cfg(feature = "rustpatcher")]
        "own-key" => own_key(request),
        _ => return None,
    })
}

fn public_key(request: &Request) -> Result<Value> {
    let seed = z32::decode(request.text("secret")?.as_bytes())
        .ok()
        .context("not z-base-32")?;
    let seed: [u8; 32] = seed.try_into().ok().context("not 32 bytes")?;
    let key = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key();
    Ok(json!({ "bytes": hex::encode(key.as_bytes()), "text": z32::encode(key.as_bytes()) }))
}

fn z32_decode(request: &Request) -> Result<Value> {
    let bytes = z32::decode(request.text("text")?.as_bytes())?;
    Ok(json!(hex::encode(bytes)))
}

/// What the macro `public_key` does before `main`: it panics for a text that is no key. The first key of a process stays
/// its owner's key for ever.
#[cfg(feature = "rustpatcher")]
fn own_key(request: &Request) -> Result<Value> {
    let text: &'static str = request.text("text")?.to_owned().leak();
    rustpatcher::embed::embed("0.0.0", text);
    let key = rustpatcher::embed::get_owner_pub_key();
    Ok(json!(z32::encode(key.as_bytes())))
}
