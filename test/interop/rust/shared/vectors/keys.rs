//! Owner keys as text and bytes, and what the `z32` crate says to texts that are almost keys.

use crate::rule;
use mainline::SigningKey;
use serde_json::{Value, json};

pub fn document() -> Value {
    json!({ "keys": keys(), "texts": texts() })
}

/// The key that signs the vectors of releases with this number.
pub fn owner(number: u64) -> SigningKey {
    SigningKey::from_bytes(&rule::seed("owner", number))
}

fn keys() -> Vec<Value> {
    let counted = (0..28).map(|number| rule::seed("owner", number));
    let edges = [[0; 32], [0xff; 32], [0x55; 32], [0xaa; 32]];
    counted
        .chain(edges)
        .map(|seed| {
            let public = SigningKey::from_bytes(&seed).verifying_key();
            json!({
                "seed": hex::encode(seed),
                "secretText": z32::encode(&seed),
                "publicKey": hex::encode(public.as_bytes()),
                "publicKeyText": z32::encode(public.as_bytes()),
            })
        })
        .collect()
}

/// Texts near the one of the first key, and the bytes the crate reads from them, or null.
fn texts() -> Vec<Value> {
    let text = z32::encode(&rule::seed("owner", 0));
    let last = |ending: &str| format!("{}{ending}", &text[..51]);
    let rows = [
        ("as it is", text.clone()),
        ("upper case", text.to_uppercase()),
        ("a newline behind", format!("{text}\n")),
        ("a space in front", format!(" {text}")),
        ("one character less", text[..51].to_owned()),
        ("one character more", format!("{text}y")),
        ("last character y: bit 0", last("y")),
        ("last character o: bit 1", last("o")),
        ("last character b: lowest unused bit set", last("b")),
        ("last character e: highest unused bit set", last("e")),
        ("last character 9: all bits set", last("9")),
        ("a character of no alphabet", last("0")),
        ("a character that is not ASCII", last("é")),
        ("nothing", String::new()),
        ("one character of three bits", "o".to_owned()),
    ];
    rows.into_iter()
        .map(|(name, text)| {
            let read = z32::decode(text.as_bytes()).ok().map(hex::encode);
            json!({ "name": name, "text": text, "bytes": read })
        })
        .collect()
}
