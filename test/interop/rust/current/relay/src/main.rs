//! The relay server of iroh-relay, over plain HTTP, for as long as its standard input is open.
//!
//! `relay <ip:port>` says `listening <ip:port>`, then one line for each client that it takes in:
//! `connected <protocol> <id in hex>`. Each line it reads is answered by
//! `counters <bytes from clients> <bytes to clients> <datagrams dropped>`.
//! It does no TLS and no address discovery: those belong to whatever stands in front of it.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use iroh_relay::server::{Access, AccessControl, ClientRequest, RelayConfig, Server, ServerConfig};
use tokio::io::{AsyncBufReadExt, BufReader};

/// Takes in everybody and says so.
#[derive(Debug)]
struct SayClients;

impl AccessControl for SayClients {
    async fn on_connect(&self, request: &ClientRequest) -> Access {
        println!(
            "connected {} {}",
            request.protocol_version(),
            request.endpoint_id()
        );
        Access::Allow
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let address: SocketAddr = std::env::args()
        .nth(1)
        .context("usage: relay <ip:port>")?
        .parse()?;
    let mut relay = RelayConfig::new(address);
    relay.access = Arc::new(SayClients);
    let mut config = ServerConfig::default();
    config.relay = Some(relay);
    let server = Server::spawn(config).await?;
    let listening = server.http_addr().context("the relay has no address")?;
    println!("listening {listening}");

    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while lines.next_line().await?.is_some() {
        let counters = &server.metrics().server;
        println!(
            "counters {} {} {}",
            counters.bytes_recv.get(),
            counters.bytes_sent.get(),
            counters.send_packets_dropped.get()
        );
    }
    server.shutdown().await?;
    Ok(())
}
