//! `bks mcp`: bks as tools of agents and programs, by the Model Context Protocol on standard input and output.
//!
//! - [`messages`]: JSON-RPC 2.0, a message a line; versions of the protocol;
//! - [`tools`]: which tools there are, and the command that each call of one is, [`words`] by word;
//! - [`calls`]: calls in the order in which they come, each a process of its own that can be ended.
//!
//! A call runs bks itself, so its answer has the bytes that the command prints, a run that fails or is cancelled
//! takes nothing with it, and nothing but messages reaches standard output.

mod calls;
mod messages;
mod tools;
mod words;

use std::io::{self, BufRead, IsTerminal, Read};
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::args::JobsOption;
use super::exit::Exit;
use super::output;
use crate::error::{Error, Result};
use calls::{Calls, ToolCall};
use messages::{Era, Message, RpcError, VERSIONS};
use tools::McpTool;

/// Serve agents by the Model Context Protocol, on standard input and output
///
/// Tools of agents and programs: simulate, replay, compare, sensitivity, lint, explain and advise. The text of an answer is what the command
/// prints with `--format json`. Relative paths are taken from the folder that bks is started in. Files are written only
/// where a call names a folder by `out`. Ends when standard input does.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    claude mcp add bks -- bks mcp\n  \
    codex mcp add bks -- bks mcp")]
pub(super) struct McpArgs {
    #[command(flatten)]
    jobs: JobsOption,
}

/// Most bytes of a message: a scenario's text is shorter.
const MOST: u64 = 64 << 20;

/// How long calls that are still running when standard input ends may take.
const GRACE: Duration = Duration::from_secs(1);

pub(super) fn run(args: &McpArgs) -> Result<Exit> {
    if io::stdin().is_terminal() {
        output::note(
            "waiting for messages of the Model Context Protocol; `bks mcp --help` shows how a client starts it",
        );
    }
    let calls = Calls::start(args.jobs.jobs)?;
    let served = serve(&calls);
    calls.finish_within(GRACE);
    served.map(|()| Exit::Done)
}

/// Answers all lines of standard input.
fn serve(calls: &Calls) -> Result<()> {
    let mut input = io::stdin().lock();
    while let Some(line) = next_line(&mut input)? {
        if let Some(answer) = answer(&line, calls) {
            messages::send(&answer)?;
        }
    }
    Ok(())
}

/// The next line, however it is; `None` at the end.
fn next_line(input: &mut impl BufRead) -> Result<Option<Vec<u8>>> {
    let unreadable =
        |error: io::Error| Error::run(format!("standard input cannot be read: {error}"));
    let mut line = Vec::new();
    let mut limited = Read::take(&mut *input, MOST);
    limited.read_until(b'\n', &mut line).map_err(unreadable)?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.len() as u64 == MOST && line.last() != Some(&b'\n') {
        input.skip_until(b'\n').map_err(unreadable)?;
    }
    Ok(Some(line))
}

/// The answer to a line, unless it needs none or comes later.
fn answer(line: &[u8], calls: &Calls) -> Option<Value> {
    if line.trim_ascii().is_empty() {
        return None;
    }
    if line.len() as u64 == MOST && line.last() != Some(&b'\n') {
        let most = MOST >> 20;
        return Some(
            RpcError::invalid_request(format!("a message has at most {most} MiB")).to(None),
        );
    }
    let message = match serde_json::from_slice::<Value>(line) {
        Ok(message) => message,
        Err(error) => return Some(RpcError::not_json(&error).to(None)),
    };
    match message {
        // Version 2025-03-26 alone has lists of messages. Calls among them are answered one by one.
        Value::Array(messages) if !messages.is_empty() => {
            let answers = messages.into_iter().filter_map(|message| answer_to(message, calls));
            let answers: Vec<Value> = answers.collect();
            (!answers.is_empty()).then(|| answers.into())
        }
        message => answer_to(message, calls),
    }
}

/// The answer to a message, unless it needs none or comes later.
fn answer_to(message: Value, calls: &Calls) -> Option<Value> {
    match Message::read(message) {
        Err((id, error)) => Some(error.to(id.as_ref())),
        Ok(Message::Response) => None,
        Ok(Message::Notification { method, params }) => {
            if method == "notifications/cancelled" {
                calls.cancel(&params["requestId"]);
            }
            None
        }
        Ok(Message::Request { id, method, params }) => match result(&id, &method, &params, calls) {
            Ok(result) => result.map(|result| messages::response(&id, &result)),
            Err(error) => Some(error.to(Some(&id))),
        },
    }
}

/// The result of a request; `None` if it comes later.
fn result(
    id: &Value,
    method: &str,
    params: &Value,
    calls: &Calls,
) -> std::result::Result<Option<Value>, RpcError> {
    let era = Era::of(params)?;
    let result = match method {
        "initialize" => initialized(params)?,
        "server/discover" if era == Era::Stateless => era.cacheable(json!({
            "supportedVersions": VERSIONS,
            "capabilities": capabilities(),
            "instructions": INSTRUCTIONS,
        })),
        "ping" => json!({}),
        "tools/list" => era.cacheable(json!({
            "tools": McpTool::ALL.map(McpTool::definition).as_slice(),
        })),
        "tools/call" => {
            let name = params["name"].as_str().unwrap_or_default();
            let tool = McpTool::ALL.into_iter().find(|tool| tool.name() == name);
            let tool = tool.ok_or_else(|| RpcError::unknown_tool(name))?;
            match tool.command(&params["arguments"]) {
                Ok(command) => {
                    let progress_token = messages::progress_token(params);
                    calls.add(ToolCall { id: id.clone(), era, progress_token, command });
                    return Ok(None);
                }
                Err(error) => calls::failed(&error),
            }
        }
        _ => return Err(RpcError::unknown_method(method)),
    };
    Ok(Some(era.complete(result)))
}

/// What a client is told that begins with a handshake.
fn initialized(params: &Value) -> std::result::Result<Value, RpcError> {
    let wanted = params["protocolVersion"].as_str();
    let wanted =
        wanted.ok_or_else(|| RpcError::invalid_params("`protocolVersion` must be text"))?;
    Ok(json!({
        "protocolVersion": messages::handshake_version(wanted),
        "capabilities": capabilities(),
        "serverInfo": messages::server_info(),
        "instructions": INSTRUCTIONS,
    }))
}

fn capabilities() -> Value {
    json!({ "tools": {} })
}

/// What an agent is to know of all tools.
const INSTRUCTIONS: &str = "\
bks computes what Amazon S3 Bucket Keys do to a KMS bill, a KMS quota and an audit trail, with a range for what AWS \
does not publish. Start with `simulate` of a scenario (TOML), or with `replay` of S3 access logs or CloudTrail. \
`format` = `markdown` gives short answers to read; the default, `json`, has every table. Quote a saving with its range. \
A command that fails says what is wrong and what to do about it.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_too_long_is_skipped() {
        let mut long = vec![b'x'; MOST as usize + 10];
        long.extend(b"\nnext\n");
        let mut input = &long[..];
        assert_eq!(next_line(&mut input).unwrap().unwrap().len() as u64, MOST);
        assert_eq!(next_line(&mut input).unwrap().unwrap(), b"next\n");
        assert_eq!(next_line(&mut input).unwrap(), None);
    }
}
