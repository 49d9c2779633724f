//! Prints test vectors made by rustpatcher and the crates under it, as one JSON object: a member for each file.
//! Calls their public functions only, reads and writes nothing else. Member `sealed` differs from run to run.

mod items;
mod keys;
mod records;
mod releases;
mod rule;
mod slots;
mod versions;

use serde_json::json;

#[tokio::main]
async fn main() {
    releases::set_owner();
    let documents = json!({
        "keys": keys::document(),
        "versions": versions::document(),
        "releases": releases::document(),
        "slots": slots::document(),
        "records": records::document(),
        "items": items::document(),
        "sealed": records::sealed_document(),
    });
    println!("{documents}");
}
