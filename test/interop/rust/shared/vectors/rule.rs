//! The bytes that vectors are made from: they follow from a label and a number, so that no vector has to carry them.
//! `stream(label, number)` is SHA-512(label || number u64 LE || block u64 LE), block after block.

use sha2::{Digest, Sha512};

/// The first `length` bytes of a stream.
pub fn bytes(label: &str, number: u64, length: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(length + 64);
    for block in 0u64.. {
        if out.len() >= length {
            break;
        }
        let hash = Sha512::new()
            .chain_update(label)
            .chain_update(number.to_le_bytes())
            .chain_update(block.to_le_bytes());
        out.extend_from_slice(&hash.finalize());
    }
    out.truncate(length);
    out
}

/// The first 32 bytes of a stream: a seed.
#[allow(dead_code)] // not every program needs seeds
pub fn seed(label: &str, number: u64) -> [u8; 32] {
    bytes(label, number, 32)
        .try_into()
        .expect("32 bytes were asked for")
}
