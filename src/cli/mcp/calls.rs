//! Calls of tools: one after another in the order in which they come, so that each has the whole machine, and each
//! a process of its own, so that it can be ended.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Output;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{env, io, thread};

use serde_json::{Value, json};

use super::messages::{self, Era};
use super::words::ToolCommand;
use crate::cli::command_process::CommandProcess;
use crate::cli::output::staging::Staging;
use crate::error::{Error, Result};

/// A call of a tool.
pub(super) struct ToolCall {
    /// Its request.
    pub(super) id: Value,
    /// How it is answered.
    pub(super) era: Era,
    /// By what its client knows how far it has come, if that is to be told.
    pub(super) progress_token: Option<Value>,
    /// What is to be run.
    pub(super) command: ToolCommand,
}

/// A call and its process, which may not have been started.
type QueuedCall = (ToolCall, Arc<CommandProcess>);

/// Requests whose calls are not done, and their processes.
type OpenCalls = Arc<Mutex<Vec<(Value, Arc<CommandProcess>)>>>;

/// Calls that are not answered yet.
pub(super) struct Calls {
    queue: Sender<QueuedCall>,
    open: OpenCalls,
    /// How many of them there are.
    left: Arc<AtomicUsize>,
}

impl Calls {
    /// Starts the thread that runs them, each on so many threads as `jobs` says.
    pub(super) fn start(jobs: Option<usize>) -> Result<Self> {
        let bks = env::current_exe()
            .map_err(|error| Error::run(format!("bks does not find its own file: {error}")))?;
        let (queue, calls) = mpsc::channel();
        let these = Self { queue, open: Arc::default(), left: Arc::default() };
        let (open, left) = (Arc::clone(&these.open), Arc::clone(&these.left));
        let worker = CallRunner { bks, jobs, open, left };
        thread::Builder::new()
            .name("calls".to_owned())
            .spawn(move || worker.run_all(&calls))
            .map_err(|error| Error::run(format!("threads cannot be started: {error}")))?;
        Ok(these)
    }

    /// Puts a call behind all others.
    pub(super) fn add(&self, call: ToolCall) {
        let process = Arc::new(CommandProcess::default());
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.push((call.id.clone(), Arc::clone(&process)));
        self.left.fetch_add(1, Ordering::SeqCst);
        // The worker ends with this process.
        let _ = self.queue.send((call, process));
    }

    /// Ends the call of a request, which then has no answer; nothing happens if it has one.
    pub(super) fn cancel(&self, id: &Value) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.iter().filter(|(known, _)| known == id).for_each(|(_, process)| process.end());
    }

    /// Waits until all calls are answered, and ends those that take longer than `most`.
    pub(super) fn finish_within(&self, most: Duration) {
        self.wait(most);
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.iter().for_each(|(_, process)| process.end());
        drop(open);
        // What they have written is removed.
        self.wait(most);
    }

    /// Waits until none is left, and no longer than `most`.
    fn wait(&self, most: Duration) {
        const STEP: Duration = Duration::from_millis(10);
        let start = Instant::now();
        while self.left.load(Ordering::SeqCst) > 0 && start.elapsed() < most {
            thread::sleep(STEP);
        }
    }
}

/// Runs calls.
struct CallRunner {
    bks: PathBuf,
    jobs: Option<usize>,
    open: OpenCalls,
    left: Arc<AtomicUsize>,
}

impl CallRunner {
    fn run_all(&self, calls: &Receiver<QueuedCall>) {
        for (ToolCall { id, era, progress_token, command }, process) in calls {
            let told = progress_token.map(|token| (token, command.name));
            let result = match told_meanwhile(told, || self.run(&command, &process)) {
                Ok(None) => None,
                Ok(Some(output)) => Some(result(&output)),
                Err(error) => Some(failed(&format!("error: the command cannot be run: {error}\n"))),
            };
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.retain(|(_, known)| !Arc::ptr_eq(known, &process));
            drop(open);
            if let Some(result) = result.filter(|_| !process.is_ended()) {
                // A client that is gone hears nothing.
                let _ = messages::send(&messages::response(&id, &era.complete(result)));
            }
            self.left.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// What the command did; `None` if it was ended.
    fn run(
        &self,
        command: &ToolCommand,
        process: &Arc<CommandProcess>,
    ) -> io::Result<Option<Output>> {
        let mut words: Vec<OsString> = vec![command.name.into()];
        if let Some(jobs) = self.jobs.filter(|_| command.has_jobs) {
            words.push(format!("--jobs={jobs}").into());
        }
        // What the caller does not want is written where it is removed.
        let nowhere =
            command.leaves_files.then(|| Staging::within(&env::temp_dir())).transpose()?;
        if let Some(folder) = &nowhere {
            let mut out = OsString::from("--out=");
            out.push(folder.path().join("out"));
            words.push(out);
        }
        words.extend(command.words.iter().map(OsString::from));
        process.run(&self.bks, &words, &command.input)
    }
}

/// How often a client is told that a call is still running.
const TELLING: Duration = Duration::from_secs(2);

/// Does `work`, and tells a client meanwhile that the command with this token and name is still running.
fn told_meanwhile<T>(told: Option<(Value, &'static str)>, work: impl FnOnce() -> T) -> T {
    let Some((token, name)) = told else { return work() };
    let (working, done) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let start = Instant::now();
            while done.recv_timeout(TELLING) == Err(RecvTimeoutError::Timeout) {
                let _ = messages::send(&messages::progress(&token, name, start.elapsed()));
            }
        });
        let result = work();
        drop(working);
        result
    })
}

/// Exit code of a command that did its work and found that a condition is not met.
const NOT_MET: i32 = 3;

/// What a tool answers when its command has ended: what that printed, or why it failed.
fn result(output: &Output) -> Value {
    let [printed, said] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    match output.status.code() {
        Some(0) => json!({ "content": [text(&printed)], "isError": false }),
        Some(NOT_MET) => {
            let mut content = vec![text(&printed)];
            content.extend((!said.is_empty()).then(|| text(&said)));
            json!({ "content": content, "isError": false })
        }
        Some(_) => failed(&said),
        None => failed(&format!("{said}error: the command was ended: {}\n", output.status)),
    }
}

/// What a tool answers that has failed.
pub(super) fn failed(why: &str) -> Value {
    json!({ "content": [text(why)], "isError": true })
}

fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}
