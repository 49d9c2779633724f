//! Requests and answers, and the few readers that every command needs. Bytes are hexadecimal text.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Deserialize)]
pub struct Request {
    pub id: u64,
    #[serde(rename = "do")]
    pub action: String,
    #[serde(flatten)]
    fields: serde_json::Map<String, Value>,
}

impl Request {
    pub fn text(&self, name: &str) -> Result<&str> {
        self.fields
            .get(name)
            .and_then(Value::as_str)
            .with_context(|| format!("{name}: text is missing"))
    }

    pub fn number<T: TryFrom<i64>>(&self, name: &str) -> Result<T> {
        let number = self
            .fields
            .get(name)
            .and_then(Value::as_i64)
            .with_context(|| format!("{name}: number is missing"))?;
        T::try_from(number)
            .ok()
            .with_context(|| format!("{name}: out of range"))
    }

    pub fn bytes(&self, name: &str) -> Result<Vec<u8>> {
        hex::decode(self.text(name)?).with_context(|| format!("{name}: not hexadecimal"))
    }

    pub fn array<const N: usize>(&self, name: &str) -> Result<[u8; N]> {
        self.bytes(name)?
            .try_into()
            .ok()
            .with_context(|| format!("{name}: not {N} bytes"))
    }

    /// A list of texts; empty where the field is missing.
    pub fn texts(&self, name: &str) -> Vec<String> {
        let list = self.fields.get(name).and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    }
}

pub enum Answer {
    Ok(Value),
    Error(String),
    Panic(String),
}

#[derive(Serialize)]
pub struct AnswerLine {
    id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ok: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    panic: Option<String>,
}

impl Answer {
    pub fn with_id(self, id: u64) -> AnswerLine {
        let mut line = AnswerLine {
            id,
            ok: None,
            error: None,
            panic: None,
        };
        match self {
            Answer::Ok(value) => line.ok = Some(value),
            Answer::Error(text) => line.error = Some(text),
            Answer::Panic(text) => line.panic = Some(text),
        }
        line
    }
}
