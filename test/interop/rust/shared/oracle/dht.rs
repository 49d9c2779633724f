//! Everything that talks to a DHT: the `mainline` crate as client and as node, and the record publisher above it.

use crate::json::Request;
use anyhow::{Result, bail};
use serde_json::Value;

pub async fn answer(request: &Request) -> Result<Value> {
    match request.action.as_str() {
        unknown => bail!("unknown request {unknown}"),
    }
}
