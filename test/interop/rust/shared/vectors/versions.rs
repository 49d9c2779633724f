//! Versions as the crate prints, reads and orders them, and `PatchInfo` as postcard bytes.

use crate::rule;
use rustpatcher::embed::{EMBED_BOUNDS, get_embedded_version};
use rustpatcher::{PatchInfo, Version};
use serde_json::{Value, json};
use std::str::FromStr;

const TOP: i32 = i32::MAX;

/// Each length of each part's varint (1 to 5 bytes), 16 and 17 characters, the ends of the range, and what is below it.
pub fn all() -> Vec<Version> {
    let parts = [
        (0, 0, 0),
        (0, 0, 1),
        (0, 1, 0),
        (1, 0, 0),
        (1, 2, 3),
        (0, 0, TOP),
        (0, TOP, 0),
        (TOP, 0, 0),
        (63, 64, 65),
        (64, 63, 0),
        (127, 128, 255),
        (8191, 8192, 8193),
        (8192, 8191, 1),
        (1_048_575, 1, 8192),
        (1, 1_048_576, 64),
        (134_217_727, 9, 9),
        (9, 134_217_728, 9),
        (99_999, 99_999, 9999),
        (12_345, 67_890, 1234),
        (TOP, 9, 99),
        (99, 9, TOP),
        (0, 10, 0),
        (10, 0, 0),
        (2, 0, 0),
        (1, 0, TOP - 1),
        (TOP, TOP, TOP),
        (TOP, TOP, 0),
        (TOP - 1, TOP, TOP),
        (0, TOP, TOP),
        (12_345, 67_890, 12_345),
        (100_000, 200_000, 300_000),
        (1_048_575, 1_048_576, 0),
        (134_217_727, 134_217_728, 1),
        (-1, 0, 0),
        (0, -1, 0),
        (0, 0, -1),
        (1, 2, i32::MIN),
        (i32::MIN, i32::MIN, i32::MIN),
    ];
    parts.map(|(a, b, c)| Version(a, b, c)).into()
}

pub fn document() -> Value {
    json!({
        "infos": infos(),
        "decodings": decodings(),
        "texts": texts(),
        "regionFields": region_fields(),
        "order": order(),
    })
}

/// Hash and signature are bytes by rule: nothing here is signed.
fn info(number: u64, version: Version, size: u64) -> PatchInfo {
    let bytes = rule::bytes("info", number, 96);
    let (hash, signature) = bytes.split_at(32);
    PatchInfo {
        version,
        size,
        hash: hash.try_into().expect("32 bytes"),
        signature: ed25519_dalek::Signature::from_bytes(signature.try_into().expect("64 bytes")),
    }
}

fn encode(info: &PatchInfo) -> Vec<u8> {
    postcard::to_allocvec(info).expect("postcard encodes all of it")
}

/// All versions with one size, then one version with all sizes.
fn infos() -> Vec<Value> {
    let sizes = [
        0,
        1,
        127,
        128,
        16_383,
        16_384,
        2_097_151,
        2_097_152,
        268_435_455,
        268_435_456,
        u64::from(u32::MAX),
        1 << 32,
        (1 << 32) + 1,
        (1 << 53) - 1,
        1 << 53,
        u64::MAX,
    ];
    let versions = all().into_iter().map(|version| (version, 1_000_000));
    let rows = versions.chain(sizes.into_iter().map(|size| (Version(1, 2, 3), size)));
    rows.enumerate()
        .map(|(number, (version, size))| {
            let info = info(number as u64, version, size);
            json!({
                "number": number,
                "version": info.version.to_string(),
                "size": size.to_string(),
                "info": hex::encode(encode(&info)),
            })
        })
        .collect()
}

/// Bytes near those of an info, and the bytes of the info the crate reads from them, or null.
fn decodings() -> Vec<Value> {
    let base = encode(&info(0, Version(1, 2, 3), 300));
    let (version, rest) = base.split_at(3);
    let (size, fields) = rest.split_at(2);
    let (hash, signature) = fields.split_at(32);
    let versioned = |version: &[u8]| [version, size, fields].concat();
    let sized = |size: &[u8]| [version, size, fields].concat();
    let rows = [
        ("as it is", base.clone()),
        ("a byte behind", [&base[..], &[0]].concat()),
        ("forty bytes behind", [&base[..], &[7; 40]].concat()),
        ("a byte short", base[..base.len() - 1].to_vec()),
        ("the version alone", version.to_vec()),
        ("without the signature", [version, size, hash].concat()),
        ("nothing", vec![]),
        (
            "a length before the signature",
            [version, size, hash, &[0x40], signature].concat(),
        ),
        (
            "a part in two bytes instead of one",
            versioned(&[0x82, 0, 4, 6]),
        ),
        (
            "a part in five bytes instead of one",
            versioned(&[0x82, 0x80, 0x80, 0x80, 0, 4, 6]),
        ),
        (
            "a part in six bytes",
            versioned(&[0x82, 0x80, 0x80, 0x80, 0x80, 0, 4, 6]),
        ),
        (
            "a part of 33 bits",
            versioned(&[0x80, 0x80, 0x80, 0x80, 0x10, 4, 6]),
        ),
        (
            "a part of 32 bits",
            versioned(&[0xfe, 0xff, 0xff, 0xff, 0x0f, 4, 6]),
        ),
        ("a part below zero", versioned(&[1, 4, 6])),
        (
            "a size in three bytes instead of two",
            sized(&[0xac, 0x82, 0]),
        ),
        (
            "a size in ten bytes instead of two",
            sized(&[0xac, 0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0]),
        ),
        (
            "a size in eleven bytes",
            sized(&[
                0xac, 0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0,
            ]),
        ),
        (
            "a size of 65 bits",
            sized(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 2]),
        ),
        (
            "a size of 64 bits",
            sized(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
        ),
    ];
    rows.into_iter()
        .map(|(name, bytes)| {
            let read = postcard::from_bytes::<PatchInfo>(&bytes).ok();
            json!({
                "name": name,
                "bytes": hex::encode(&bytes),
                "read": read.map(|info| hex::encode(encode(&info))),
            })
        })
        .collect()
}

/// Texts, and how the crate prints what it reads from them, or null.
fn texts() -> Vec<Value> {
    let near = [
        "",
        "1",
        "1.2",
        "1.2.3.4",
        "1.2.3-beta",
        "1.2.3+1",
        "v1.2.3",
        "+1.2.3",
        "1.+2.3",
        "-1.2.3",
        "-0.0.0",
        "01.2.3",
        "1.2.00",
        "1..3",
        " 1.2.3",
        "1.2.3 ",
        "1.2.3\n",
        "1.2.٣",
        "1e1.0.0",
        "0x1.0.0",
        "1_0.0.0",
        "2147483648.0.0",
        "-2147483648.0.0",
        "-2147483649.0.0",
        "99999999999.0.0",
    ];
    let printed = all().into_iter().map(|version| version.to_string());
    let rows = printed.chain(near.map(str::to_owned));
    rows.map(|text| {
        let read = Version::from_str(&text).ok();
        json!({ "text": text, "read": read.map(|version| version.to_string()) })
    })
    .collect()
}

/// The sixteen bytes of the region's version field, and how the crate prints what it reads from them, or null.
fn region_fields() -> Vec<Value> {
    let fields: [&[u8; 16]; 15] = [
        b"1.2.3\0\0\0\0\0\0\0\0\0\0\0",
        b"0.0.0\0\0\0\0\0\0\0\0\0\0\0",
        b"12345.67890.1234",
        b"2147483647.0.999",
        b"2147483647.21474",
        b"100000.200000.30",
        b" 1.2.3 \0\0\0\0\0\0\0\0\0",
        b"1.2.3           ",
        b"1.2.3\n\0\0\0\0\0\0\0\0\0\0",
        b"1.2.3\0junk\0\0\0\0\0\0",
        b"\x001.2.3\0\0\0\0\0\0\0\0\0\0",
        b"+1.2.3\0\0\0\0\0\0\0\0\0\0",
        b"01.2.3\0\0\0\0\0\0\0\0\0\0",
        b"-1.2.3\0\0\0\0\0\0\0\0\0\0",
        b"1.2.\xb3\0\0\0\0\0\0\0\0\0\0\0",
    ];
    fields
        .into_iter()
        .chain([&[0; 16]])
        .map(|field| {
            let region = [EMBED_BOUNDS, &[0; 104], field, EMBED_BOUNDS].concat();
            let read = get_embedded_version(&region).ok();
            json!({ "field": hex::encode(field), "read": read.map(|version| version.to_string()) })
        })
        .collect()
}

/// Whether the crate takes the first version for newer than the second.
fn order() -> Vec<Value> {
    let versions = [
        (0, 0, 0),
        (0, 0, 1),
        (0, 0, TOP - 1),
        (0, 0, TOP),
        (0, 1, 0),
        (0, TOP, 0),
        (0, TOP, TOP),
        (1, 0, 0),
        (1, 0, 1),
        (1, 9, 9),
        (1, 10, 0),
        (2, 0, 0),
        (TOP - 1, TOP, TOP),
        (TOP, TOP, TOP),
        (0, 1, -1),
        (-1, 0, 0),
    ]
    .map(|(a, b, c)| Version(a, b, c));
    let pairs = (versions.iter()).flat_map(|a| versions.iter().map(move |b| (a, b)));
    pairs
        .map(|(a, b)| json!({ "a": a.to_string(), "b": b.to_string(), "newer": a > b }))
        .collect()
}
