//! A program as an author of rustpatcher would write it: says who it is, checks itself, and updates itself.
//! Its owner key and its mode come from the environment, so that one build serves every test; rustpatcher's own
//! restart keeps the environment and loses the arguments. It does nothing that rustpatcher's documentation does not.

use rustpatcher::{Patch, UpdaterMode};

/// `OWNER_PUBLIC_KEY`: 52 characters of z-base-32. Read before `main`, as the macro asks.
fn owner_public_key() -> String {
    std::env::var("OWNER_PUBLIC_KEY").expect("OWNER_PUBLIC_KEY is not set")
}

#[tokio::main]
#[rustpatcher::public_key(owner_public_key())]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    println!("version {}", env!("CARGO_PKG_VERSION"));
    println!("pid {}", std::process::id());
    println!("arguments {}", std::env::args_os().count());
    // Reads the whole file once more than an update needs: a benchmark leaves it out.
    if std::env::var_os("APP_NO_CHECK").is_none() {
        match Patch::from_self() {
            Ok(patch) => println!("self accepted {:?}", patch.info().version),
            Err(error) => println!("self refused {error}"),
        }
    }
    if std::env::var_os("APP_CHECK_ONLY").is_some() {
        return Ok(());
    }
    let mode = match std::env::var("APP_MODE").as_deref() {
        Ok("on-restart") => UpdaterMode::OnRestart,
        _ => UpdaterMode::Now,
    };
    rustpatcher::spawn(mode).await?;
    println!("spawned");
    tokio::signal::ctrl_c().await?;
    Ok(())
}
