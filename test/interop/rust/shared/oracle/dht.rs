//! The `mainline` crate as a client and as a node of a DHT, by its public API. An opened instance is named by a number and
//! lives as long as the process. Records above it: dht_records.rs.

#[path = "dht_records.rs"]
mod records;

use crate::json::Request;
use anyhow::{Context, Result, anyhow, bail};
use futures_lite::StreamExt;
use mainline::{Dht, MutableItem, SigningKey, async_dht::AsyncDht};
use serde_json::{Value, json};
use std::sync::{LazyLock, Mutex};

static OPENED: LazyLock<Mutex<Vec<AsyncDht>>> = LazyLock::new(Default::default);

pub async fn answer(request: &Request) -> Result<Value> {
    match request.action.as_str() {
        "dht-open" => open(request).await,
        // The nodes in the routing table. Panics where the crate's own thread has ended.
        "dht-contacts" => Ok(json!(opened(request)?.to_bootstrap().await)),
        "dht-put" => put(request).await,
        "dht-get" => get(request).await,
        "publisher-open" => records::open(request),
        "publish" => records::publish(request).await,
        "records" => records::read(request).await,
        unknown => bail!("unknown request {unknown}"),
    }
}

/// `port`: 0 for any. `server`: 1 for a node that answers, 0 for a client. Returns when
/// somebody of `bootstrap` has answered, or at once where `wait`, optional, is 0. Nodes of mainline 5 listen on every address; the others on `host`.
async fn open(request: &Request) -> Result<Value> {
    let mut builder = Dht::builder();
    let bootstrap = request.texts("bootstrap");
    builder.bootstrap(&bootstrap);
    if request.number::<u8>("server")? == 1 {
        builder.server_mode();
    }
    #[cfg(not(feature = "rustpatcher-0-2-0"))]
    builder.bind_address(request.text("host")?.parse()?);
    let dht = builder.port(request.number("port")?).build()?.as_async();
    let wait = request.number::<u8>("wait").unwrap_or(1) == 1;
    if wait && !bootstrap.is_empty() && !dht.bootstrapped().await {
        bail!("nobody answered");
    }
    let port = dht.info().await.local_addr().port();
    let mut all = OPENED.lock().expect("no holder panics");
    all.push(dht);
    Ok(json!({ "dht": all.len() - 1, "port": port }))
}

fn opened(request: &Request) -> Result<AsyncDht> {
    let all = OPENED.lock().expect("no holder panics");
    all.get(request.number::<usize>("dht")?)
        .cloned()
        .context("not opened")
}

fn salt(request: &Request) -> Result<Option<Vec<u8>>> {
    Ok(Some(request.bytes("salt")?).filter(|salt| !salt.is_empty()))
}

/// Puts at the closest nodes. The answer says at how many, where the version tells it. `signature`, optional, goes out
/// instead of the right one.
async fn put(request: &Request) -> Result<Value> {
    let (dht, salt, value) = (opened(request)?, salt(request)?, request.bytes("value")?);
    let seq = request.text("seq")?.parse()?;
    let cas = request.text("cas").ok().map(str::parse).transpose()?;
    let key = SigningKey::from_bytes(&request.array("seed")?);
    let item = match request.array("signature").ok() {
        Some(signature) => {
            let key = key.verifying_key().to_bytes();
            MutableItem::new_signed_unchecked(key, signature, &value, seq, salt.as_deref())
        }
        None => MutableItem::new(key, &value, seq, salt.as_deref()),
    };
    let outcome = dht
        .put_mutable(item, cas)
        .await
        .map_err(|error| anyhow!("{error:?}"))?;
    #[cfg(feature = "rustpatcher")]
    return Ok(json!({ "target": hex::encode(outcome.as_bytes()) }));
    #[cfg(not(feature = "rustpatcher"))]
    Ok(json!({ "target": hex::encode(outcome.target.as_bytes()), "storedAt": outcome.stored_at }))
}

/// Every item that came in, in that order: one for each node that has one.
async fn get(request: &Request) -> Result<Value> {
    let (dht, salt) = (opened(request)?, salt(request)?);
    let items = dht.get_mutable(&request.array("key")?, salt.as_deref(), None);
    let items: Vec<Value> = items.map(|item| show(&item)).collect().await;
    Ok(json!(items))
}

fn show(item: &MutableItem) -> Value {
    json!({
        "key": hex::encode(item.key()),
        "seq": item.seq().to_string(),
        "value": hex::encode(item.value()),
    })
}
