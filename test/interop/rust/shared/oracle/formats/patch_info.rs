//! `PatchInfo` and `Patch` of the crate under test. No rustpatcher is published for the newest signature crate: there the
//! same fields in the same order stand for it, so that what their signature type does to the bytes can be seen.

use crate::json::Request;
use anyhow::{Context, Result};
use serde_json::{Value, json};

#[cfg(feature = "rustpatcher")]
pub use rustpatcher::{Patch, PatchInfo, Version};

#[cfg(not(feature = "rustpatcher"))]
pub use stand_in::{Patch, PatchInfo, Version};

#[cfg(not(feature = "rustpatcher"))]
mod stand_in {
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize)]
    pub struct Version(pub i32, pub i32, pub i32);

    #[derive(Serialize, Deserialize)]
    pub struct PatchInfo {
        pub version: Version,
        pub size: u64,
        pub hash: [u8; 32],
        pub signature: ed25519_dalek::Signature,
    }

    #[derive(Serialize, Deserialize)]
    pub struct Patch {
        info: PatchInfo,
        data: Vec<u8>,
    }

    impl Patch {
        pub fn info(&self) -> &PatchInfo {
            &self.info
        }

        pub fn data(&self) -> &Vec<u8> {
            &self.data
        }
    }
}

/// Reads the fields `version` ("A.B.C", any i32), `size` (decimal, any u64), `hash` and `signature` of a request.
pub fn read(request: &Request) -> Result<PatchInfo> {
    let parts: Vec<i32> = request
        .text("version")?
        .split('.')
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    let [major, minor, patch] = parts[..].try_into().context("version: not three parts")?;
    Ok(PatchInfo {
        version: Version(major, minor, patch),
        size: request.text("size")?.parse().context("size: not a u64")?,
        hash: request.array("hash")?,
        signature: ed25519_dalek::Signature::from_bytes(&request.array("signature")?),
    })
}

/// The same fields, as an answer.
pub fn show(info: &PatchInfo) -> Value {
    let Version(major, minor, patch) = info.version;
    json!({
        "version": format!("{major}.{minor}.{patch}"),
        "size": info.size.to_string(),
        "hash": hex::encode(info.hash),
        "signature": hex::encode(info.signature.to_bytes()),
    })
}

/// A `Patch` can only be read: from the postcard bytes of its two fields.
pub fn patch_of(info: PatchInfo, data: Vec<u8>) -> Result<Patch> {
    Ok(postcard::from_bytes(&postcard::to_allocvec(&(
        info, data,
    ))?)?)
}
