//! Nodes and clients of the `mainline` crate for the hostile cases: opened without waiting for anybody, and asked whether they
//! live. An opened one is named by a number and lives as long as the process.

use crate::json::Request;
use anyhow::{Context, Result};
use futures_lite::StreamExt;
use mainline::{Dht, async_dht::AsyncDht};
use serde_json::{Value, json};
use std::sync::{LazyLock, Mutex};

static OPENED: LazyLock<Mutex<Vec<AsyncDht>>> = LazyLock::new(Default::default);

/// `None`: not a command of this file.
pub async fn answer(request: &Request) -> Option<Result<Value>> {
    Some(match request.action.as_str() {
        "hostile-open" => open(request).await,
        "hostile-contacts" => contacts(request).await,
        "hostile-get" => get(request).await,
        _ => return None,
    })
}

/// `server`: 1 for a node that answers, 0 for a client. `bootstrap`: may be empty.
async fn open(request: &Request) -> Result<Value> {
    let mut builder = Dht::builder();
    builder.bootstrap(&request.texts("bootstrap")).port(0);
    if request.number::<u8>("server")? == 1 {
        builder.server_mode();
    }
    let dht = builder.build()?.as_async();
    let port = dht.info().await.local_addr().port();
    let mut all = OPENED.lock().expect("no holder panics");
    all.push(dht);
    Ok(json!({ "node": all.len() - 1, "port": port }))
}

fn opened(request: &Request) -> Result<AsyncDht> {
    let all = OPENED.lock().expect("no holder panics");
    all.get(request.number::<usize>("node")?)
        .cloned()
        .context("not opened")
}

/// The addresses in the routing table: of nodes that answered. Panics where the crate's own thread has ended.
async fn contacts(request: &Request) -> Result<Value> {
    Ok(json!(opened(request)?.to_bootstrap().await))
}

/// The values that came in, in that order.
async fn get(request: &Request) -> Result<Value> {
    let (dht, salt) = (opened(request)?, request.bytes("salt")?);
    let items = dht.get_mutable(&request.array("key")?, Some(&salt), None);
    let values: Vec<String> = items.map(|item| hex::encode(item.value())).collect().await;
    Ok(json!(values))
}
