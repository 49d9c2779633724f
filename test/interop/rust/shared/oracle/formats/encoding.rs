//! postcard: what the crate writes for a `PatchInfo` or a `Patch`, and what it makes of bytes.

use super::patch_info::{self, Patch, PatchInfo};
use crate::json::Request;
use anyhow::Result;
use serde_json::{Value, json};

pub fn answer(request: &Request) -> Option<Result<Value>> {
    Some(match request.action.as_str() {
        "encode-info" => encode_info(request),
        "decode-info" => decode_info(request),
        "encode-patch" => encode_patch(request),
        "decode-patch" => decode_patch(request),
        _ => return None,
    })
}

fn encode_info(request: &Request) -> Result<Value> {
    let bytes = postcard::to_allocvec(&patch_info::read(request)?)?;
    Ok(json!(hex::encode(bytes)))
}

fn decode_info(request: &Request) -> Result<Value> {
    let bytes = request.bytes("bytes")?;
    Ok(patch_info::show(&postcard::from_bytes::<PatchInfo>(
        &bytes,
    )?))
}

fn encode_patch(request: &Request) -> Result<Value> {
    let patch = patch_info::patch_of(patch_info::read(request)?, request.bytes("data")?)?;
    Ok(json!(hex::encode(postcard::to_allocvec(&patch)?)))
}

fn decode_patch(request: &Request) -> Result<Value> {
    let patch: Patch = postcard::from_bytes(&request.bytes("bytes")?)?;
    Ok(json!({ "info": patch_info::show(patch.info()), "data": hex::encode(patch.data()) }))
}
