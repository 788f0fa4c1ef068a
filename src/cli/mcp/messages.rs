//! Messages of JSON-RPC 2.0 as the Model Context Protocol uses them, and the versions of the protocol.
//!
//! Until version 2025-11-25 a client begins with `initialize`, and the version holds for all that follows. Since
//! 2026-07-28 each request tells its version itself, and each result says that it is complete. Both are served,
//! request by request.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cli::output;
use crate::error::Result;

/// Versions of the protocol, the newest first.
pub(super) const VERSIONS: [&str; 5] =
    ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

/// How many of them have no handshake.
const STATELESS: usize = 1;

/// Keys of `_meta`.
const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CLIENT_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";

/// How long a client may keep what does not change while this process runs.
const TTL_MS: u64 = 3_600_000;

/// Who answers.
pub(super) fn server_info() -> Value {
    json!({
        "name": "bks",
        "title": "bks, the Bucket Key Simulator",
        "version": env!("CARGO_PKG_VERSION"),
    })
}

/// The version that a client with a handshake is offered: its own if that is known, else the newest with one.
pub(super) fn handshake_version(wanted: &str) -> &'static str {
    let known = &VERSIONS[STATELESS..];
    known.iter().find(|version| **version == wanted).unwrap_or(&known[0])
}

/// How a request tells its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Era {
    /// By the handshake before it.
    Handshake,
    /// By itself.
    Stateless,
}

impl Era {
    /// That of a request with these parameters.
    pub(super) fn of(params: &Value) -> std::result::Result<Self, RpcError> {
        let meta = &params["_meta"];
        let Some(version) = meta.get(VERSION) else { return Ok(Self::Handshake) };
        let Some(version) = version.as_str() else {
            return Err(RpcError::invalid_params(&format!("`_meta.{VERSION}` must be text")));
        };
        if !VERSIONS[..STATELESS].contains(&version) {
            return Err(RpcError::unsupported_version(version));
        }
        if !meta[CLIENT_CAPABILITIES].is_object() {
            let wrong = format!("`_meta.{CLIENT_CAPABILITIES}` must be an object");
            return Err(RpcError::invalid_params(&wrong));
        }
        Ok(Self::Stateless)
    }

    /// A result as this era has it.
    pub(super) fn complete(self, mut result: Value) -> Value {
        if self == Self::Stateless {
            result["resultType"] = "complete".into();
            result["_meta"][SERVER_INFO] = server_info();
        }
        result
    }

    /// A result that does not change while this process runs.
    pub(super) fn cacheable(self, mut result: Value) -> Value {
        if self == Self::Stateless {
            result["ttlMs"] = TTL_MS.into();
            result["cacheScope"] = "public".into();
        }
        result
    }
}

/// A message from the client.
pub(super) enum Message {
    /// It is to be answered.
    Request { id: Value, method: String, params: Value },
    /// It is not.
    Notification { method: String, params: Value },
    /// An answer to what was never asked.
    Response,
}

impl Message {
    /// Reads one; what is none comes back with its id, as far as that can be read.
    pub(super) fn read(mut message: Value) -> std::result::Result<Self, (Option<Value>, RpcError)> {
        let id = message.get("id").cloned();
        let usable = id.clone().filter(|id| id.is_string() || id.is_i64() || id.is_u64());
        let invalid = |wrong: &str| (usable.clone(), RpcError::invalid_request(wrong.to_owned()));
        if !message.is_object() {
            return Err(invalid("a message must be one JSON object"));
        }
        if message["jsonrpc"] != "2.0" {
            return Err(invalid("`jsonrpc` must be \"2.0\""));
        }
        let params = message.get_mut("params").map(Value::take).unwrap_or_default();
        if !params.is_object() && !params.is_null() {
            return Err((usable, RpcError::invalid_params("`params` must be an object")));
        }
        match (message["method"].as_str(), id) {
            (None, _) if message.get("result").is_some() || message.get("error").is_some() => {
                Ok(Self::Response)
            }
            (None, _) => Err(invalid("`method` must be text")),
            (Some(method), None) => Ok(Self::Notification { method: method.to_owned(), params }),
            (Some(method), Some(_)) => match usable {
                Some(id) => Ok(Self::Request { id, method: method.to_owned(), params }),
                None => Err(invalid("`id` must be text or a whole number")),
            },
        }
    }
}

/// Why a request has no result.
#[derive(Clone, Debug)]
pub(super) struct RpcError {
    code: i32,
    message: String,
    data: Option<Value>,
}

impl RpcError {
    fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    pub(super) fn not_json(error: &serde_json::Error) -> Self {
        Self::new(-32_700, format!("the message is not JSON: {error}"))
    }

    pub(super) fn invalid_request(wrong: String) -> Self {
        Self::new(-32_600, wrong)
    }

    pub(super) fn unknown_method(method: &str) -> Self {
        Self::new(-32_601, format!("`{method}` is not a method of this server"))
    }

    pub(super) fn invalid_params(wrong: &str) -> Self {
        Self::new(-32_602, wrong)
    }

    pub(super) fn unknown_tool(name: &str) -> Self {
        let known = super::McpTool::ALL.map(|tool| format!("`{}`", tool.name())).join(", ");
        Self::new(-32_602, format!("`{name}` is not a tool of this server: use one of {known}"))
    }

    fn unsupported_version(version: &str) -> Self {
        let data = json!({ "supported": VERSIONS, "requested": version });
        let message = format!("version `{version}` of the protocol is not supported");
        Self { data: Some(data), ..Self::new(-32_022, message) }
    }

    /// The message that says so.
    pub(super) fn to(&self, id: Option<&Value>) -> Value {
        let mut error = json!({ "code": self.code, "message": self.message });
        if let Some(data) = &self.data {
            error["data"] = data.clone();
        }
        json!({ "jsonrpc": "2.0", "id": id, "error": error })
    }
}

/// The message with a result.
pub(super) fn response(id: &Value, result: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "result": result })
}

/// The message that a call of the tool `name` has been running so long.
pub(super) fn progress(token: &Value, name: &str, time: Duration) -> Value {
    let seconds = time.as_secs();
    json!({
        "jsonrpc": "2.0",
        "method": "notifications/progress",
        "params": {
            "progressToken": token,
            "progress": time.as_secs_f64(),
            "message": format!("{name}: {seconds} s"),
        },
    })
}

/// The token by which a request wants to be told of progress.
pub(super) fn progress_token(params: &Value) -> Option<Value> {
    let token = &params["_meta"]["progressToken"];
    (token.is_string() || token.is_i64() || token.is_u64()).then(|| token.clone())
}

/// Sends a message: a line, whole.
pub(super) fn send(message: &Value) -> Result<()> {
    output::print_document(&format!("{message}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_gets_its_own_version_or_the_newest_with_a_handshake() {
        for (wanted, offered) in [
            ("2024-11-05", "2024-11-05"),
            ("2025-03-26", "2025-03-26"),
            ("2025-11-25", "2025-11-25"),
            ("2026-07-28", "2025-11-25"),
            ("1900-01-01", "2025-11-25"),
        ] {
            assert_eq!(handshake_version(wanted), offered);
        }
    }
}
