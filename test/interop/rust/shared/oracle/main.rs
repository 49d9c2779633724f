//! A Rust peer on a string: one JSON request per line in, one JSON answer per line out, each naming the request's id.
//! Answers are `{"id", "ok"}`, `{"id", "error"}` or, where the crate under test panicked, `{"id", "panic"}`. Requests run
//! at the same time; the process ends with its input. It only calls public functions of the published crates.

mod dht;
mod formats;
mod json;

use json::{Answer, Request};
use std::io::{BufRead, Write};

#[tokio::main]
async fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let request: Request = serde_json::from_str(&line).expect("a request is one line of JSON");
        tokio::spawn(async move {
            let id = request.id;
            // A task of its own: what panics in it is told, and does not end the process.
            let answer = match tokio::spawn(answer(request)).await {
                Ok(answer) => answer,
                Err(failure) => Answer::Panic(panic_text(failure)),
            };
            let mut line = serde_json::to_string(&answer.with_id(id)).expect("answers are JSON");
            line.push('\n');
            std::io::stdout()
                .write_all(line.as_bytes())
                .expect("the tests read the answers");
        });
    }
}

async fn answer(request: Request) -> Answer {
    let result = match formats::answer(&request) {
        Some(result) => result,
        None => dht::answer(&request).await,
    };
    match result {
        Ok(value) => Answer::Ok(value),
        Err(error) => Answer::Error(format!("{error:#}")),
    }
}

fn panic_text(failure: tokio::task::JoinError) -> String {
    let Ok(payload) = failure.try_into_panic() else {
        return "cancelled".into();
    };
    payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| payload.downcast_ref::<&str>().map(|text| text.to_string()))
        .unwrap_or_else(|| "no text".into())
}
