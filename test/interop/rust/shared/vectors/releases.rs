//! Signed programs: what `Patch::sign` makes of contents, the region and the transfer's bytes, and which `Patch::verify`
//! lets through. Contents follow from `rule::bytes("content", number, length)`; the region is inserted at an offset.

use crate::{keys, rule, versions};
use anyhow::Result;
use rustpatcher::embed::{
    EMBED_BOUNDS, EMBED_REGION_LEN, EmbeddedRegion, get_embedded_patch_info, get_embedded_version,
    set_embedded_patch_info,
};
use rustpatcher::{Patch, PatchInfo, Version};
use serde_json::{Value, json};
use sha2::{Digest, Sha512};

const SIZES: [usize; 27] = [
    0, 1, 27, 28, 63, 64, 65, 111, 112, 127, 128, 129, 1000, 4096, 16_207, 16_208, 16_383, 16_384,
    65_535, 65_536, 65_537, 131_072, 262_144, 1_000_000, 1_048_576, 2_097_151, 2_097_152,
];

/// Names the owner whose programs `Patch::verify` accepts: the crate takes one for the life of a process.
pub fn set_owner() {
    let public = z32::encode(keys::owner(0).verifying_key().as_bytes());
    rustpatcher::embed::embed("1.0.0", public.leak());
}

pub fn document() -> Value {
    json!({ "releases": releases(), "altered": altered(), "tooLong": too_long() })
}

/// The region as its byte table says; a text that is too long is cut, as the crate does at compile time.
pub fn region(info: &PatchInfo) -> Vec<u8> {
    let mut text = info.version.to_string().into_bytes();
    text.resize(16, 0);
    region_with(info, &text)
}

fn region_with(info: &PatchInfo, version_field: &[u8]) -> Vec<u8> {
    let (size, signature) = (info.size.to_le_bytes(), info.signature.to_bytes());
    let parts: [&[u8]; 6] = [
        EMBED_BOUNDS,
        &info.hash,
        &size,
        &signature,
        version_field,
        EMBED_BOUNDS,
    ];
    parts.concat()
}

fn insert(content: &[u8], offset: usize, region: &[u8]) -> Vec<u8> {
    [&content[..offset], region, &content[offset..]].concat()
}

pub fn sign(owner: u64, content: &[u8], version: &Version) -> PatchInfo {
    let key = keys::owner(owner);
    #[cfg(feature = "sign-takes-version")]
    let info = Patch::sign(key, content.to_vec(), version.clone());
    #[cfg(not(feature = "sign-takes-version"))]
    let info = {
        let unsigned = PatchInfo {
            version: version.clone(),
            size: 0,
            hash: [0; 32],
            signature: ed25519_dalek::Signature::from_bytes(&[0; 64]),
        };
        Patch::sign(key, &insert(content, 0, &region(&unsigned)))
    };
    info.expect("contents can be signed")
}

/// The patch as a peer receives it. Its fields are private, its encoding is not.
fn receive(info: &PatchInfo, file: &[u8]) -> Patch {
    let bytes = postcard::to_allocvec(&(info, file)).expect("postcard encodes all of it");
    let patch: Patch = postcard::from_bytes(&bytes).expect("a patch is an info and bytes");
    assert_eq!(
        postcard::to_allocvec(&patch).expect("as above"),
        bytes,
        "written back"
    );
    patch
}

/// What a program does with its own file at start.
fn check_self(file: &Vec<u8>) -> Result<()> {
    receive(&get_embedded_patch_info(file)?, file).verify()
}

fn releases() -> Vec<Value> {
    let fitting: Vec<Version> = versions::all()
        .into_iter()
        .filter(|version| {
            version.to_string().len() <= 16 && version.0.min(version.1).min(version.2) >= 0
        })
        .collect();
    (0..SIZES.len().max(fitting.len()))
        .map(|number| {
            let length = SIZES[number % SIZES.len()];
            let places = [
                0,
                length,
                length / 2,
                length.min(28),
                length.saturating_sub(1),
            ];
            let offset = places[number % places.len()];
            let owner = if number % 2 == 0 { 0 } else { number as u64 };
            let content = rule::bytes("content", number as u64, length);
            let info = sign(owner, &content, &fitting[number % fitting.len()]);

            let file = insert(&content, offset, &region(&info));
            let read = get_embedded_patch_info(&file).expect("the crate reads the region");
            assert!(read == info, "the crate reads what the table says");
            let mut written = file.clone();
            let place = EmbeddedRegion {
                start: offset,
                end: offset + EMBED_REGION_LEN,
            };
            set_embedded_patch_info(&mut written, info.clone(), place).expect("a region is there");
            let patch = receive(&info, &file);
            let frame = postcard::to_allocvec(&patch).expect("postcard encodes all of it");
            json!({
                "number": number,
                "owner": owner,
                "version": info.version.to_string(),
                "contentBytes": length,
                "regionOffset": offset,
                "hash": hex::encode(info.hash),
                "signature": hex::encode(info.signature.to_bytes()),
                "info": hex::encode(postcard::to_allocvec(&info).expect("as above")),
                "written": hex::encode(&written[offset..offset + EMBED_REGION_LEN]),
                "frameBytes": frame.len(),
                "frameHash": hex::encode(Sha512::digest(&frame)),
                "firstOwnerAccepts": patch.verify().is_ok(),
            })
        })
        .collect()
}

/// One small signed program, changed in every way; the crate's verdict on what arrives, and on a start from it.
fn altered() -> Vec<Value> {
    type Change = fn(&mut PatchInfo, &mut Vec<u8>);
    const AT: usize = 40; // the region's offset in a content of 100 bytes
    let changes: [(&str, Change); 22] = [
        ("nothing", |_, _| {}),
        ("first byte of the content", |_, file| file[0] ^= 1),
        ("last byte of the content", |_, file| {
            *file.last_mut().expect("bytes") ^= 0x80
        }),
        ("a byte less at the end", |_, file| {
            file.pop();
        }),
        ("a byte more at the end", |_, file| file.push(0)),
        ("a bit of the first bound", |_, file| file[AT] ^= 1),
        ("a bit of the second bound", |_, file| file[AT + 175] ^= 1),
        ("a third bound behind", |_, file| {
            file.extend_from_slice(EMBED_BOUNDS)
        }),
        ("no region", |_, file| {
            file.drain(AT..AT + EMBED_REGION_LEN);
        }),
        ("the hash in the region", |_, file| file[AT + 28] ^= 1),
        ("the size in the region", |_, file| file[AT + 60] ^= 1),
        ("the signature in the region", |_, file| file[AT + 68] ^= 1),
        ("the version in the region", |_, file| file[AT + 132] += 1),
        ("the region moved by one byte", |_, file| {
            let region: Vec<u8> = file.drain(AT..AT + EMBED_REGION_LEN).collect();
            file.splice(AT + 1..AT + 1, region);
        }),
        ("the version in the info, newer", |info, _| {
            info.version.0 += 1
        }),
        ("the version in the info, older", |info, _| {
            info.version.2 -= 1
        }),
        ("the size in the info", |info, _| info.size += 1),
        ("the hash in the info", |info, _| info.hash[31] ^= 1),
        ("R of the signature", |info, _| change_signature(info, 0)),
        ("S of the signature", |info, _| change_signature(info, 32)),
        ("S plus the order of the group", |info, _| add_order(info)),
        ("signed by another key", |info, file| {
            let content = [&file[..AT], &file[AT + EMBED_REGION_LEN..]].concat();
            *info = sign(1, &content, &info.version);
        }),
    ];
    let content = rule::bytes("content", 1000, 100);
    let signed = sign(0, &content, &Version(1, 2, 3));
    let rows = changes.into_iter().map(|(name, change)| {
        let mut info = signed.clone();
        let mut file = insert(&content, AT, &region(&signed));
        change(&mut info, &mut file);
        let patch = receive(&info, &file);
        json!({
            "name": name,
            "patch": hex::encode(postcard::to_allocvec(&patch).expect("postcard encodes all of it")),
            "accepted": patch.verify().is_ok(),
            "starts": check_self(&file).is_ok(),
        })
    });
    rows.collect()
}

fn change_signature(info: &mut PatchInfo, at: usize) {
    let mut bytes = info.signature.to_bytes();
    bytes[at] ^= 1;
    info.signature = ed25519_dalek::Signature::from_bytes(&bytes);
}

/// The same equation holds for S + L: a verifier that does not look at S takes it for a second signature.
fn add_order(info: &mut PatchInfo) {
    let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let mut bytes = info.signature.to_bytes();
    let mut carry = 0;
    for (byte, add) in bytes[32..].iter_mut().zip(order.expect("hexadecimal")) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
    info.signature = ed25519_dalek::Signature::from_bytes(&bytes);
}

/// Versions whose text the region cuts. Only one of the two crates can be asked to sign them: the signature is made here.
fn too_long() -> Vec<Value> {
    let long = versions::all()
        .into_iter()
        .filter(|version| version.0 >= 0 && version.to_string().len() > 16);
    long.enumerate()
        .map(|(number, version)| {
            let content = rule::bytes("content", 2000 + number as u64, 100);
            let info = sign_any(&content, version);
            let file = insert(&content, 40, &region(&info));
            let region = region(&info);
            let read = get_embedded_version(&region).ok();
            json!({
                "number": 2000 + number,
                "version": info.version.to_string(),
                "contentBytes": content.len(),
                "hash": hex::encode(info.hash),
                "signature": hex::encode(info.signature.to_bytes()),
                "info": hex::encode(postcard::to_allocvec(&info).expect("postcard encodes all of it")),
                "field": hex::encode(&region[132..148]),
                "readBack": read.map(|version| version.to_string()),
                "accepted": receive(&info, &file).verify().is_ok(),
                "starts": check_self(&file).is_ok(),
            })
        })
        .collect()
}

fn sign_any(content: &[u8], version: Version) -> PatchInfo {
    use ed25519_dalek::Signer;
    let hash: [u8; 32] = Sha512::digest(content)[..32].try_into().expect("32 of 64");
    let message = Sha512::new()
        .chain_update(version.to_string())
        .chain_update(hash)
        .chain_update((content.len() as u64).to_le_bytes())
        .finalize();
    let info = PatchInfo {
        version,
        size: content.len() as u64,
        hash,
        signature: keys::owner(0).sign(&message),
    };
    #[cfg(feature = "sign-takes-version")]
    assert!(
        info == sign(0, content, &info.version),
        "the crate signs the same"
    );
    info
}
