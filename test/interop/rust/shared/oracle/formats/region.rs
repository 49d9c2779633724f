//! The region in a program: found, read, signed and verified by rustpatcher's own functions. Programs are files.
//! Which owner's `verify-program` says is decided by `own-key`, once a process.

use super::patch_info;
use crate::json::Request;
use anyhow::{Context, Result};
use rustpatcher::{Patch, PatchInfo, embed};
use serde_json::{Value, json};

pub fn answer(request: &Request) -> Option<Result<Value>> {
    Some(match request.action.as_str() {
        "cut-program" => cut_program(request),
        "inspect-program" => inspect_program(request),
        "sign-program" => sign_program(request),
        "verify-program" => verify_program(request),
        "verify-download" => verify_download(request),
        _ => return None,
    })
}

fn program(request: &Request) -> Result<Vec<u8>> {
    let path = request.text("path")?;
    std::fs::read(path).with_context(|| format!("could not read {path}"))
}

fn cut_program(request: &Request) -> Result<Value> {
    let (rest, region, place) = cut(program(request)?)?;
    Ok(
        json!({ "start": place.start, "end": place.end, "region": hex::encode(region), "rest": rest.len() }),
    )
}

fn inspect_program(request: &Request) -> Result<Value> {
    Ok(patch_info::show(&embed::get_embedded_patch_info(
        &program(request)?,
    )?))
}

/// What `Patch::sign` returns for the program as it is; nothing is written.
fn sign_program(request: &Request) -> Result<Value> {
    let key = ed25519_dalek::SigningKey::from_bytes(&request.array("seed")?);
    Ok(patch_info::show(&sign(key, program(request)?)?))
}

/// What a program does with its own file: the release from the region, then `Patch::verify`.
fn verify_program(request: &Request) -> Result<Value> {
    let data = program(request)?;
    let info = embed::get_embedded_patch_info(&data)?;
    let patch: Patch = patch_info::patch_of(info, data)?;
    patch.verify()?;
    Ok(patch_info::show(patch.info()))
}

/// What a program does with a downloaded one: the release as announced, then `Patch::verify`.
fn verify_download(request: &Request) -> Result<Value> {
    let patch = patch_info::patch_of(patch_info::read(request)?, program(request)?)?;
    patch.verify()?;
    Ok(patch_info::show(patch.info()))
}

#[cfg(feature = "rustpatcher-0-2-0")]
fn cut(program: Vec<u8>) -> Result<(Vec<u8>, Vec<u8>, embed::EmbeddedRegion)> {
    embed::cut_embed_section(program)
}

#[cfg(not(feature = "rustpatcher-0-2-0"))]
fn cut(program: Vec<u8>) -> Result<(Vec<u8>, Vec<u8>, embed::EmbeddedRegion)> {
    embed::cut_embed_section(&program)
}

#[cfg(feature = "rustpatcher-0-2-0")]
fn sign(key: ed25519_dalek::SigningKey, program: Vec<u8>) -> Result<PatchInfo> {
    let (rest, region, _) = cut(program)?;
    Patch::sign(key, rest, embed::get_embedded_version(&region)?)
}

#[cfg(not(feature = "rustpatcher-0-2-0"))]
fn sign(key: ed25519_dalek::SigningKey, program: Vec<u8>) -> Result<PatchInfo> {
    Patch::sign(key, &program)
}
