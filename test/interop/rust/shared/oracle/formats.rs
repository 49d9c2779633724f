//! Everything that needs no network: keys, regions, encodings, derivations, sealing. One file a topic; each answers its own
//! commands and leaves the others alone.

#[path = "formats/derivations.rs"]
mod derivations;
#[path = "formats/encoding.rs"]
mod encoding;
#[path = "formats/keys.rs"]
mod keys;
#[path = "formats/patch_info.rs"]
pub mod patch_info;
#[path = "formats/record.rs"]
mod record;
#[cfg(feature = "rustpatcher")]
#[path = "formats/region.rs"]
mod region;
#[path = "formats/seal.rs"]
mod seal;

use crate::json::Request;
use anyhow::Result;
use serde_json::Value;

/// `None`: not a command of these files.
pub fn answer(request: &Request) -> Option<Result<Value>> {
    let answer = keys::answer(request)
        .or_else(|| derivations::answer(request))
        .or_else(|| encoding::answer(request))
        .or_else(|| seal::answer(request))
        .or_else(|| record::answer(request));
    #[cfg(feature = "rustpatcher")]
    let answer = answer.or_else(|| region::answer(request));
    answer
}
