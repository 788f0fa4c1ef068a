//! `bks mcp`: a client of our own speaks the protocol, and each answer has the bytes that the command prints.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::schemas::SCENARIO;
use crate::support::command::{bks, command, text};
use crate::support::json_schema::faults;

/// A server, and both ends of the line to it.
struct Client {
    server: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
    last: u64,
}

impl Client {
    /// Starts a server in `folder`, whose temporary folder is `folder/tmp`.
    fn in_folder(folder: &Path) -> Self {
        fs::create_dir_all(folder.join("tmp")).unwrap();
        let mut server = command(folder, &["mcp", "--jobs", "1"]);
        server.env("TMPDIR", folder.join("tmp")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut server = server.stderr(Stdio::piped()).spawn().unwrap();
        let to = server.stdin.take();
        let from = BufReader::new(server.stdout.take().unwrap());
        Self { server, to, from, last: 0 }
    }

    fn send(&mut self, line: &str) {
        writeln!(self.to.as_mut().unwrap(), "{line}").unwrap();
    }

    /// The next message, which is one line of JSON.
    fn receive(&mut self) -> Value {
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        let message: Value = serde_json::from_str(&line).expect("every line is a message");
        assert_eq!(message["jsonrpc"], "2.0");
        message
    }

    /// Sends a request and gives its number.
    fn ask(&mut self, method: &str, params: &Value) -> u64 {
        self.last += 1;
        let message =
            json!({"jsonrpc": "2.0", "id": self.last, "method": method, "params": params});
        self.send(&message.to_string());
        self.last
    }

    /// The answer to a request.
    fn answer(&mut self, method: &str, params: &Value) -> Value {
        let id = self.ask(method, params);
        let answer = self.receive();
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        let answer = self.answer("tools/call", &json!({"name": tool, "arguments": arguments}));
        answer["result"].clone()
    }

    /// Closes the line, and waits until the server ends; gives what it said on standard error.
    fn close(mut self) -> String {
        self.to = None;
        let mut rest = String::new();
        assert_eq!(self.from.read_line(&mut rest).unwrap(), 0, "{rest}");
        let output = self.server.wait_with_output().unwrap();
        assert!(output.status.success());
        text(&output.stderr)
    }
}

/// A folder with a scenario, the same as JSON Lines of a trail, and a policy.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("it.toml"), SCENARIO).unwrap();
    let export = ["export", "it.toml", "--format", "cloudtrail", "--quiet", "--out", "trail.json"];
    assert!(bks(folder.path(), &export).status.success());
    let policy = include_str!("../fixtures/lint/broken/delivery-stream.json");
    fs::write(folder.path().join("policy.json"), policy).unwrap();
    folder
}

/// Names of all that is in a folder and below it.
fn listed(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        names.push(entry.path().display().to_string());
        if entry.path().is_dir() {
            names.extend(listed(&entry.path()));
        }
    }
    names.sort();
    names
}

#[test]
fn a_session_with_a_handshake() {
    let folder = folder();
    let mut client = Client::in_folder(folder.path());
    for (wanted, offered) in [("2025-06-18", "2025-06-18"), ("1900-01-01", "2025-11-25")] {
        let hello = json!({"protocolVersion": wanted, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
        let result = client.answer("initialize", &hello)["result"].clone();
        assert_eq!(result["protocolVersion"], offered);
        assert_eq!(result["capabilities"], json!({"tools": {}}));
        assert_eq!(result["serverInfo"]["version"], env!("CARGO_PKG_VERSION"));
    }
    client.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    client.send("");
    client.send(r#"{"jsonrpc":"2.0","method":"notifications/unheard-of"}"#);
    client.send(r#"{"jsonrpc":"2.0","id":7,"result":{}}"#);
    assert_eq!(client.answer("ping", &json!({}))["result"], json!({}));
    let tools = client.answer("tools/list", &json!({}))["result"].clone();
    let names: Vec<&str> = tools["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    let all = ["simulate", "replay", "compare", "sensitivity", "lint", "explain", "advise"];
    assert_eq!(names, all);
    for tool in tools["tools"].as_array().unwrap() {
        let schema = &tool["inputSchema"];
        assert_eq!(schema["type"], "object", "{tool}");
        assert!(schema.get("description").is_none(), "{tool}");
        assert_eq!(schema["additionalProperties"], false, "{tool}");
        for (name, property) in schema["properties"].as_object().unwrap() {
            assert!(
                property["type"].is_string() && property["description"].is_string(),
                "{name}: {tool}"
            );
        }
    }
    assert_eq!(client.close(), "");
}

#[test]
fn requests_that_tell_their_version_need_no_handshake() {
    let folder = folder();
    let mut client = Client::in_folder(folder.path());
    let meta = |version: &str| {
        json!({
            "io.modelcontextprotocol/protocolVersion": version,
            "io.modelcontextprotocol/clientCapabilities": {},
        })
    };
    let found =
        client.answer("server/discover", &json!({"_meta": meta("2026-07-28")}))["result"].clone();
    assert_eq!(found["supportedVersions"][0], "2026-07-28");
    assert_eq!(found["resultType"], "complete");
    assert_eq!(found["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "bks");
    let call = json!({
        "name": "lint",
        "arguments": {"files": ["policy.json"]},
        "_meta": meta("2026-07-28"),
    });
    let result = client.answer("tools/call", &call)["result"].clone();
    assert_eq!((&result["resultType"], &result["isError"]), (&json!("complete"), &json!(false)));
    let error = client.answer("tools/list", &json!({"_meta": meta("2030-01-01")}))["error"].clone();
    assert_eq!(
        (&error["code"], &error["data"]["requested"]),
        (&json!(-32_022), &json!("2030-01-01"))
    );
    let half = json!({"_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}});
    assert_eq!(client.answer("tools/list", &half)["error"]["code"], -32_602);
    client.close();
}

#[test]
fn answers_have_the_bytes_that_commands_print_and_leave_no_file() {
    let folder = folder();
    let place = folder.path();
    let before = {
        fs::create_dir(place.join("tmp")).unwrap();
        listed(place)
    };
    let cases = [
        (
            "simulate",
            json!({"scenario": "it.toml", "set": ["seed=9"]}),
            "it.toml --set seed=9 --out o1",
        ),
        (
            "replay",
            json!({"logs": ["trail.json"], "buckets": ["lake"], "configurations": ["bucket-key-role"]}),
            "trail.json --bucket lake --configuration bucket-key-role --out o2",
        ),
        (
            "compare",
            json!({"items": ["it.toml"], "reference": "bucket-key-role"}),
            "it.toml --reference bucket-key-role",
        ),
        (
            "sensitivity",
            json!({
                "scenario": "it.toml",
                "samples": 64,
                "targets": ["80%"],
                "over": ["requesters=1..4"],
                "set": ["duration=10min"],
            }),
            "it.toml --samples 64 --target 80% --over requesters=1..4 --set duration=10min --out o3",
        ),
        ("lint", json!({"files": ["policy.json"]}), "policy.json"),
        ("explain", json!({"scenario": "it.toml", "level": "low"}), "it.toml --level low --out o4"),
        (
            "explain",
            json!({"logs": ["trail.json"], "requester": "query", "limit": 3}),
            "trail.json --requester query --limit 3",
        ),
        ("advise", json!({"scenario": "it.toml"}), "it.toml --out o5"),
        (
            "advise",
            json!({"logs": ["trail.json"], "format": "markdown"}),
            "trail.json --out o6 --format markdown",
        ),
    ];
    let mut client = Client::in_folder(place);
    let mut answers = Vec::new();
    for (tool, arguments, _) in &cases {
        let result = client.call(tool, arguments);
        assert_eq!(result["isError"], false, "{tool}: {result}");
        answers.push(result["content"][0]["text"].as_str().unwrap().to_owned());
    }
    client.close();
    assert_eq!(listed(place), before);
    for ((tool, _, words), answer) in cases.iter().zip(answers) {
        let mut arguments = vec![*tool, "--quiet"];
        if !words.contains("--format") {
            arguments.extend(["--format", "json"]);
        }
        arguments.extend(words.split(' '));
        let output = bks(place, &arguments);
        assert!(matches!(output.status.code(), Some(0 | 3)), "{}", text(&output.stderr));
        assert!(answer == text(&output.stdout), "{tool} {words}");
    }
}

#[test]
fn texts_stand_for_files_and_folders_are_written_where_they_are_named() {
    let folder = folder();
    let mut client = Client::in_folder(folder.path());
    let by_path = client.call("simulate", &json!({"scenario": "it.toml", "out": "run"}));
    let by_text = client.call("simulate", &json!({"scenario_text": SCENARIO}));
    assert_eq!(by_path, by_text);
    assert!(folder.path().join("run/result.json").is_file());
    let items = json!({"items": ["run", "-#bucket-key-session"], "scenario_text": SCENARIO});
    let compared = client.call("compare", &items);
    assert_eq!(compared["isError"], false, "{compared}");
    let policy = include_str!("../fixtures/lint/broken/delivery-stream.json");
    let [by_path, by_text] = [json!({"files": ["policy.json"]}), json!({"text": policy})]
        .map(|arguments| client.call("lint", &arguments)["content"][0]["text"].clone());
    let named = by_path.as_str().unwrap().replace("policy.json", "standard input");
    assert_eq!(named, by_text.as_str().unwrap());
    client.close();
}

#[test]
fn a_condition_that_is_not_met_is_an_answer_and_not_an_error() {
    let folder = folder();
    let mut client = Client::in_folder(folder.path());
    let result =
        client.call("simulate", &json!({"scenario": "it.toml", "fail_if": ["saving<100%"]}));
    assert_eq!(result["isError"], false);
    let document: Value =
        serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(document["holds"], false);
    let said = result["content"][1]["text"].as_str().unwrap();
    assert!(said.starts_with("assertion not met: "), "{said}");
    client.close();
}

#[test]
fn what_fails_says_why_in_the_words_of_the_command() {
    let folder = folder();
    let mut client = Client::in_folder(folder.path());
    for (tool, arguments, words) in [
        ("simulate", json!({"scenario": "missing.toml"}), vec!["simulate", "missing.toml"]),
        (
            "simulate",
            json!({"scenario": "it.toml", "set": ["durat=2d"]}),
            vec!["simulate", "it.toml", "--set", "durat=2d"],
        ),
        ("lint", json!({"files": ["it.toml"]}), vec!["lint", "it.toml"]),
        ("compare", json!({"items": ["it.toml#none"]}), vec!["compare", "it.toml#none"]),
    ] {
        let result = client.call(tool, &arguments);
        let output = bks(folder.path(), &words);
        assert_eq!(result["isError"], true, "{words:?}");
        assert_eq!(result["content"][0]["text"], text(&output.stderr), "{words:?}");
    }
    for (tool, arguments, part) in [
        ("simulate", json!({}), "a scenario is missing"),
        ("simulate", json!({"scenario": "it.toml", "sett": []}), "did you mean `set`?"),
        ("simulate", json!({"scenario": "it.toml", "set": "seed=9"}), "must be a list of texts"),
        ("simulate", json!({"scenario": "it.toml", "scenario_text": ""}), "not both"),
        ("simulate", json!({"scenario": "-"}), "must be a path"),
        ("simulate", json!({"scenario": null, "set": null}), "a scenario is missing"),
        ("simulate", json!({"scenario": "it.toml", "format": "yaml"}), "yaml"),
        ("simulate", json!(["it.toml"]), "must be an object"),
        ("replay", json!({}), "logs are missing"),
        ("replay", json!({"logs": ["-"]}), "must be a path"),
        ("compare", json!({}), "give `items`"),
        ("compare", json!({"items": ["-"]}), "`scenario_text` is missing"),
        (
            "sensitivity",
            json!({"scenario": "it.toml", "samples": "many"}),
            "must be a whole number",
        ),
        ("explain", json!({"scenario": "trail.json"}), "ends in `.toml`"),
        ("explain", json!({"logs": ["it.toml"]}), "give it as `scenario`"),
        (
            "explain",
            json!({"scenario_text": SCENARIO, "log_format": "cloudtrail"}),
            "`log_format` applies to logs",
        ),
        ("explain", json!({"scenario": "it.toml", "as_kms": true}), "applies to logs"),
        ("advise", json!({}), "give a scenario"),
        ("lint", json!({"files": ["policy.json"], "text": "{}"}), "or else `text`"),
        ("lint", json!({"files": ["--version"]}), "--version"),
    ] {
        let result = client.call(tool, &arguments);
        assert_eq!(result["isError"], true, "{arguments}");
        let message = result["content"][0]["text"].as_str().unwrap();
        assert!(message.starts_with("error: ") && message.contains(part), "{arguments}: {message}");
    }
    client.close();
}

#[test]
fn what_is_no_request_gets_the_errors_of_json_rpc() {
    let folder = folder();
    let mut client = Client::in_folder(folder.path());
    for (line, code, id) in [
        ("{", -32_700, json!(null)),
        ("7", -32_600, json!(null)),
        ("[]", -32_600, json!(null)),
        (r#"{"id":1,"method":"ping"}"#, -32_600, json!(1)),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32_600, json!(null)),
        (r#"{"jsonrpc":"2.0","id":"a","method":7}"#, -32_600, json!("a")),
        (r#"{"jsonrpc":"2.0","id":"a","method":"ping","params":[]}"#, -32_602, json!("a")),
        (r#"{"jsonrpc":"2.0","id":"a","method":"resources/list"}"#, -32_601, json!("a")),
        (r#"{"jsonrpc":"2.0","id":"a","method":"initialize"}"#, -32_602, json!("a")),
        (
            r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"rm"}}"#,
            -32_602,
            json!(2),
        ),
        (r#"{"jsonrpc":"2.0","id":2,"method":"tools/call"}"#, -32_602, json!(2)),
    ] {
        client.send(line);
        let answer = client.receive();
        assert_eq!(
            (&answer["error"]["code"], &answer["id"]),
            (&json!(code), &id),
            "{line}: {answer}"
        );
    }
    client.send(r#"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"x"},7]"#);
    let mut line = String::new();
    client.from.read_line(&mut line).unwrap();
    let answers: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(answers[0], json!({"jsonrpc": "2.0", "id": 1, "result": {}}));
    assert_eq!(answers[1]["error"]["code"], -32_600);
    client.close();
}

/// A scenario that runs for minutes.
fn long() -> String {
    SCENARIO
        .replace("0.2/s", "2000/s")
        .replace("2h", "20d")
        .replace("replications = 2", "engine = \"events\"")
}

#[test]
fn a_call_is_cancelled_while_it_runs_and_while_it_waits() {
    let folder = folder();
    let mut client = Client::in_folder(folder.path());
    let call = json!({"name": "simulate", "arguments": {"scenario_text": long()}});
    let running = client.ask("tools/call", &call);
    let waiting = client.ask("tools/call", &call);
    let third =
        client.ask("tools/call", &json!({"name": "lint", "arguments": {"files": ["policy.json"]}}));
    let start = Instant::now();
    assert_eq!(client.answer("ping", &json!({}))["result"], json!({}));
    std::thread::sleep(Duration::from_millis(300));
    for id in [waiting, running, 999] {
        let cancelled = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id}});
        client.send(&cancelled.to_string());
    }
    assert_eq!(client.receive()["id"], third);
    assert!(start.elapsed() < Duration::from_secs(20));
    client.close();
    assert_eq!(listed(&folder.path().join("tmp")), Vec::<String>::new());
}

#[test]
fn a_client_that_asks_is_told_that_a_call_is_still_running() {
    let folder = folder();
    let mut client = Client::in_folder(folder.path());
    let call = json!({
        "name": "simulate",
        "arguments": {"scenario_text": long()},
        "_meta": {"progressToken": "t"},
    });
    let id = client.ask("tools/call", &call);
    let seen = [client.receive(), client.receive()].map(|told| {
        assert_eq!(told["method"], "notifications/progress");
        assert_eq!(told["params"]["progressToken"], "t");
        told["params"]["progress"].as_f64().unwrap()
    });
    assert!(seen[0] < seen[1], "{seen:?}");
    let cancelled =
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id}});
    client.send(&cancelled.to_string());
    assert_eq!(client.answer("ping", &json!({}))["result"], json!({}));
    client.close();
}

#[test]
fn nothing_outlives_the_end_of_standard_input() {
    let folder = folder();
    let mut client = Client::in_folder(folder.path());
    client.ask("tools/call", &json!({"name": "simulate", "arguments": {"scenario_text": long()}}));
    std::thread::sleep(Duration::from_millis(300));
    let start = Instant::now();
    client.close();
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!(listed(&folder.path().join("tmp")), Vec::<String>::new());
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_ends_the_command_with_the_server() {
    let folder = folder();
    let mut client = Client::in_folder(folder.path());
    client.ask("tools/call", &json!({"name": "simulate", "arguments": {"scenario_text": long()}}));
    let own = client.server.id();
    let children = format!("/proc/{own}/task/{own}/children");
    let worker = || {
        let tasks = fs::read_dir(format!("/proc/{own}/task")).unwrap();
        let all =
            tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("children")).ok());
        all.collect::<String>().trim().to_owned()
    };
    let start = Instant::now();
    while worker().is_empty() {
        assert!(start.elapsed() < Duration::from_secs(20), "{children}");
        std::thread::sleep(Duration::from_millis(10));
    }
    let child = worker();
    let killed = std::process::Command::new("kill").arg(own.to_string()).status().unwrap();
    assert!(killed.success());
    client.server.wait().unwrap();
    assert!(!Path::new(&format!("/proc/{child}")).exists(), "{child} is still there");
    assert_eq!(listed(&folder.path().join("tmp")), Vec::<String>::new());
}

/// What tools take is what their schemas say.
#[test]
fn arguments_of_these_tests_keep_to_the_schemas() {
    let folder = folder();
    let mut client = Client::in_folder(folder.path());
    let tools = client.answer("tools/list", &json!({}))["result"]["tools"].clone();
    let schema = |name: &str| {
        let tool = tools.as_array().unwrap().iter().find(|tool| tool["name"] == name).unwrap();
        tool["inputSchema"].clone()
    };
    let right =
        json!({"logs": ["trail.json"], "at": "90min", "limit": 3, "as_kms": true, "level": "low"});
    assert_eq!(faults(&schema("explain"), &right), Vec::<String>::new());
    for wrong in [
        json!({"limit": -1}),
        json!({"level": "highest"}),
        json!({"lmit": 1}),
        json!({"logs": [1]}),
    ] {
        assert!(!faults(&schema("explain"), &wrong).is_empty(), "{wrong}");
    }
    client.close();
}

/// The page names every tool and argument, and its conversation is what is said.
#[test]
fn the_page_is_of_these_tools() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/mcp.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let scenario = root.join("scenarios/two-roles.toml");
    fs::create_dir(folder.path().join("scenarios")).unwrap();
    fs::copy(scenario, folder.path().join("scenarios/two-roles.toml")).unwrap();
    let mut client = Client::in_folder(folder.path());
    let tools = client.answer("tools/list", &json!({}))["result"]["tools"].clone();
    for tool in tools.as_array().unwrap() {
        let arguments = tool["inputSchema"]["properties"].as_object().unwrap();
        for name in arguments.keys().map(String::as_str).chain(tool["name"].as_str()) {
            assert!(page.contains(&format!("`{name}`")), "`{name}`");
        }
    }
    let mut answers = 0;
    for line in page.lines() {
        if let Some(message) = line.strip_prefix("→ ") {
            client.send(message);
        } else if let Some(shown) = line.strip_prefix("← ") {
            let answer = client.receive().to_string();
            let begin = shown.split('…').next().unwrap();
            assert!(answer.starts_with(begin), "{answer:.300}");
            answers += 1;
        }
    }
    assert_eq!(answers, 4);
    client.close();
}
